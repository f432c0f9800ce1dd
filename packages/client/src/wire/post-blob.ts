// Browsers' `fetch` does not tell how much of a body has gone, and Node has nothing else.

interface Progress {
  loaded: number;
}

interface Xhr {
  readonly status: number;
  readonly responseText: string;
  readonly upload: { onprogress: ((progress: Progress) => void) | null };
  onload: (() => void) | null;
  onerror: (() => void) | null;
  onabort: (() => void) | null;
  open(method: string, url: string): void;
  setRequestHeader(name: string, value: string): void;
  send(body: Blob): void;
  abort(): void;
}

export interface BlobPost {
  address: URL;
  token: string;
  body: Blob;
  signal: AbortSignal;
  /** Hears how many bytes of the body have gone. */
  onSent(bytes: number): void;
}

export interface BlobAnswer {
  status: number;
  text: string;
}

/** Posts a blob. Rejects when there is no answer, and when the signal comes. */
export function postBlob(post: BlobPost): Promise<BlobAnswer> {
  const { XMLHttpRequest: Request } = globalThis as { XMLHttpRequest?: new () => Xhr };
  return Request === undefined ? postByFetch(post) : postByXhr(new Request(), post);
}

function postByXhr(xhr: Xhr, { address, token, body, signal, onSent }: BlobPost): Promise<BlobAnswer> {
  return new Promise((resolve, reject) => {
    const abort = () => xhr.abort();
    const settle = (done: () => void) => () => {
      signal.removeEventListener("abort", abort);
      done();
    };
    xhr.onload = settle(() => resolve({ status: xhr.status, text: xhr.responseText }));
    xhr.onerror = settle(() => reject(new Error("The connection was lost.")));
    xhr.onabort = settle(() => reject(signal.reason));
    xhr.upload.onprogress = ({ loaded }) => onSent(loaded);
    xhr.open("POST", address.href);
    xhr.setRequestHeader("Authorization", `Bearer ${token}`);
    signal.addEventListener("abort", abort);
    // A blob brings its type and its length.
    xhr.send(body);
    if (signal.aborted) abort();
  });
}

async function postByFetch({ address, token, body, signal, onSent }: BlobPost): Promise<BlobAnswer> {
  let sent = 0;
  const counted = new TransformStream<Uint8Array, Uint8Array>({
    transform: (chunk, out) => {
      out.enqueue(chunk);
      sent += chunk.byteLength;
      onSent(sent);
    },
  });
  const headers = {
    authorization: `Bearer ${token}`,
    "content-type": body.type,
    // A stream has none of its own, and without it the server would need room for a file of the largest size.
    "content-length": String(body.size),
  };
  const stream = body.stream().pipeThrough(counted);
  const response = await fetch(address, { method: "POST", headers, body: stream, duplex: "half", signal });
  return { status: response.status, text: await response.text() };
}
