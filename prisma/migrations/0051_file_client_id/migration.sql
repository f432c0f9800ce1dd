-- The name that an uploader gave the upload, so that the same one again is the first one's file.
ALTER TABLE "files" ADD COLUMN "client_id" TEXT;
