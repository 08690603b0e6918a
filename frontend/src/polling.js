// Parts with `hx-trigger="every 2s"` ask for themselves: only while somebody looks, and nothing is sent twice.
// Where the service does not answer, what is shown stays, and a line says how old it is.
import htmx from "htmx.org";
import { away, back } from "./away.js";

const PAUSE_MS = 5000;

/** @type {WeakMap<Element, string>} the entity tag of what an element shows */
const tags = new WeakMap();

/** @type {number} no poll before this moment, milliseconds since 1970 */
let resting = 0;

/** @typedef {{ request: { headers: Record<string, string> }, response?: { status: number, headers: Headers } }} Exchange */

/**
 * @param {Event} event of htmx
 * @returns {{ element: Element, exchange: Exchange } | null} null for what is no poll
 */
function pollOf(event) {
  const element = event.target;
  const exchange = /** @type {CustomEvent<{ ctx: Exchange }>} */ (event).detail?.ctx;
  if (!(element instanceof Element) || !element.hasAttribute("data-poll") || !exchange) return null;
  return { element, exchange };
}

document.addEventListener("htmx:config:request", (event) => {
  const poll = pollOf(event);
  if (!poll) return;
  if (document.hidden || Date.now() < resting) event.preventDefault();
  const tag = tags.get(poll.element);
  if (tag) poll.exchange.request.headers["If-None-Match"] = tag;
});

// An answer that is a problem must not take the place of the page; one that asks to sign in leads there.
document.addEventListener("htmx:before:response", (event) => {
  const poll = pollOf(event);
  const response = poll?.exchange.response;
  if (!response || response.headers.has("HX-Redirect")) return;
  if (response.status < 400) return back();
  event.preventDefault();
  const seconds = Number(response.headers.get("Retry-After"));
  rest(seconds > 0 ? 1000 * seconds : PAUSE_MS, response.status);
});

document.addEventListener("htmx:error", (event) => {
  if (pollOf(event)) rest(PAUSE_MS);
});

/**
 * @param {number} milliseconds
 * @param {number} [status] of the answer, where there was one
 */
function rest(milliseconds, status) {
  resting = Date.now() + milliseconds;
  away(status);
}

document.addEventListener("htmx:after:request", (event) => {
  const poll = pollOf(event);
  const response = poll?.exchange.response;
  const tag = response?.headers.get("ETag");
  if (poll && tag && response && response.status < 400) tags.set(poll.element, tag);
});

export default htmx;
