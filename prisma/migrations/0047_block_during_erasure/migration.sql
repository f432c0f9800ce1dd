-- Whether somebody who is kept out because they are being erased is to be blocked when that ends: what operators say meanwhile. Null: nobody is erased.
ALTER TABLE "user_access" ADD COLUMN "blocked_after" BOOLEAN;
