// Parts with `hx-trigger="every 2s"` ask for themselves: only while somebody looks, and nothing is sent twice.
import htmx from "htmx.org";

/** @type {WeakMap<Element, string>} the entity tag of what an element shows */
const tags = new WeakMap();

/** @typedef {{ request: { headers: Record<string, string> }, response?: { headers: Headers } }} Exchange */

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
  if (document.hidden) event.preventDefault();
  const tag = tags.get(poll.element);
  if (tag) poll.exchange.request.headers["If-None-Match"] = tag;
});

document.addEventListener("htmx:after:request", (event) => {
  const poll = pollOf(event);
  const tag = poll?.exchange.response?.headers.get("ETag");
  if (poll && tag) tags.set(poll.element, tag);
});

export default htmx;
