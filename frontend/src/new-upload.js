// One file on its way to the service: in parts, going on where it broke off, also after the page was loaded again.
import { Upload } from "tus-js-client";

const PART_BYTES = 16_000_000;
const PAUSES_MS = [0, 500, 2000, 5000, 10000, 20000];

/**
 * @param {File} file
 * @param {string} token what proves that our own page asks
 * @param {(share: number) => void} tell is told how far it is, from 0 to 1
 * @returns {{ done: Promise<string>, stop: () => void }} the upload's id once it is whole, and how to give it up
 */
export function send(file, token, tell) {
  /** @type {Upload | undefined} */
  let upload;
  const done = new Promise((resolve, reject) => {
    upload = new Upload(file, {
      endpoint: "/api/v1/tus",
      chunkSize: PART_BYTES,
      retryDelays: PAUSES_MS,
      metadata: { filename: file.name },
      headers: { "X-CSRF-Token": token },
      removeFingerprintOnSuccess: true,
      onProgress: (sent, total) => tell(total ? sent / total : 1),
      onError: (error) => reject(new Error(reason(error))),
      onSuccess: ({ lastResponse }) => resolve(lastResponse.getHeader("Lmsvc-Upload") ?? ""),
    });
    void begin(upload);
  });
  return { done, stop: () => void upload?.abort(true) };
}

/** @param {Upload} upload */
async function begin(upload) {
  const [previous] = await upload.findPreviousUploads().catch(() => []);
  if (previous) upload.resumeFromPreviousUpload(previous);
  upload.start();
}

/**
 * @param {Error} error
 * @returns {string} why, in the service's words where it said something
 */
function reason(error) {
  const body = "originalResponse" in error ? /** @type {any} */ (error).originalResponse?.getBody() : "";
  try {
    return JSON.parse(body).detail;
  } catch {
    return "The connection broke.";
  }
}
