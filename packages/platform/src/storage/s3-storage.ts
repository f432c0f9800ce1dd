import { Readable } from "node:stream";
import {
  AbortMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  type ListMultipartUploadsCommandOutput,
  ListObjectsV2Command,
  paginateListObjectsV2,
  S3Client,
} from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { assertKey, type ByteRange, type ObjectStorage } from "./object-storage.js";

export interface S3Options {
  bucket: string;
  /** What the keys of this cluster's objects begin with in the bucket. */
  prefix: string;
  region: string;
  /** Of a store that is not Amazon's. */
  endpoint?: string | undefined;
  /** Left out: what the machine's own role gives. */
  credentials?: { accessKeyId: string; secretAccessKey: string } | undefined;
  /** `https://host/bucket/key` instead of `https://bucket.host/key`. */
  pathStyle: boolean;
}

/** An upload holds two parts in memory at most; the least that S3 takes is 5 MiB. */
const PART_BYTES = 5 * 1024 * 1024;
const PARTS_AT_ONCE = 1;

const TIMEOUTS = {
  connectionTimeout: 3_000,
  requestTimeout: 20_000,
  socketTimeout: 20_000,
  throwOnRequestTimeout: true,
};

interface Place {
  client: S3Client;
  bucket: string;
  prefix: string;
}

/** Keeps objects in a bucket of any store that speaks S3. */
export function openS3Storage(options: S3Options): ObjectStorage {
  const { bucket, prefix, region, endpoint, credentials, pathStyle } = options;
  const client = new S3Client({
    region,
    forcePathStyle: pathStyle,
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(credentials === undefined ? {} : { credentials }),
    // Newer checksums are Amazon's; other stores refuse what they don't know.
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
    requestHandler: TIMEOUTS,
  });
  const place = { client, bucket, prefix };
  return {
    put: (key, bytes) => put(place, { key, bytes }),
    get: (key, range) => get(place, { key, range }),
    delete: async (key) => {
      await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: nameOf(place, key) }));
    },
    list: () => list(place),
    clearInterrupted: (before) => clearInterrupted(place, before),
    check: () => check(place),
    close: () => client.destroy(),
  };
}

function nameOf({ prefix }: Place, key: string): string {
  assertKey(key);
  return `${prefix}${key}`;
}

/** What fails is aborted by the library, so that no parts stay. */
async function put(
  place: Place,
  { key, bytes }: { key: string; bytes: AsyncIterable<Uint8Array> },
): Promise<void> {
  const upload = new Upload({
    client: place.client,
    params: {
      Bucket: place.bucket,
      Key: nameOf(place, key),
      Body: Readable.from(bytes, { objectMode: false }),
    },
    partSize: PART_BYTES,
    queueSize: PARTS_AT_ONCE,
    leavePartsOnError: false,
  });
  await upload.done();
}

async function get(place: Place, { key, range }: { key: string; range: ByteRange | undefined }) {
  try {
    const { Body } = await place.client.send(
      new GetObjectCommand({
        Bucket: place.bucket,
        Key: nameOf(place, key),
        ...(range && { Range: `bytes=${range.first}-${range.last}` }),
      }),
    );
    if (!(Body instanceof Readable)) throw new Error("The store answered without a body");
    return Body;
  } catch (error) {
    if ((error as Error).name === "NoSuchKey") return undefined;
    throw error;
  }
}

async function* list({ client, bucket, prefix }: Place) {
  for await (const page of paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: prefix })) {
    for (const { Key, LastModified } of page.Contents ?? []) {
      if (Key !== undefined && LastModified !== undefined) {
        yield { key: Key.slice(prefix.length), storedAt: LastModified };
      }
    }
  }
}

async function clearInterrupted({ client, bucket, prefix }: Place, before: Date): Promise<number> {
  let count = 0;
  let page: ListMultipartUploadsCommandOutput | undefined;
  do {
    page = await client.send(
      new ListMultipartUploadsCommand({
        Bucket: bucket,
        Prefix: prefix,
        KeyMarker: page?.NextKeyMarker,
        UploadIdMarker: page?.NextUploadIdMarker,
      }),
    );
    for (const { Key, UploadId, Initiated } of page.Uploads ?? []) {
      if (Initiated === undefined || Initiated >= before) continue;
      await client.send(new AbortMultipartUploadCommand({ Bucket: bucket, Key, UploadId }));
      count++;
    }
  } while (page.IsTruncated);
  return count;
}

/** A list of one name: unlike other questions it needs no right that the rest does not need. */
async function check({ client, bucket, prefix }: Place): Promise<void> {
  try {
    await client.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, MaxKeys: 1 }));
  } catch (error) {
    const { code, name } = error as NodeJS.ErrnoException;
    // What stores say in full names accounts and buckets.
    throw new Error(code ?? name, { cause: error });
  }
}
