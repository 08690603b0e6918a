// What to do with each piece of a page when it appears: the page itself, and parts that htmx puts in later.

/**
 * @param {(root: ParentNode) => void} dress called with the document now, and with it again after each exchange
 */
export function onContent(dress) {
  dress(document);
  document.addEventListener("htmx:after:swap", () => dress(document));
}
