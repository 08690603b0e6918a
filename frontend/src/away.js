// A line above what is shown while the service does not answer: how old it is, and that nothing needs to be done.

/** @type {Date} when the service answered last */
let heard = new Date();

/** @type {HTMLElement | null} */
let line = null;

/** The service has answered: what is shown is as of now. */
export function back() {
  heard = new Date();
  line?.remove();
  line = null;
}

/**
 * The service has not answered, or with a problem.
 * @param {number} [status] of its answer
 */
export function away(status) {
  line ??= made();
  const said = `${why(status)} What you see is of ${heard.toLocaleTimeString()}.`;
  if (line.textContent !== said) line.textContent = said;
}

/** @param {number} [status] */
function why(status) {
  if (status === 404) return "This is not there any more, or not yours to see. Load the page again.";
  if (status === 403) return "You may not see this any more. Load the page again.";
  if (status === 429) return "You look at very many pages at once: this one goes on in a moment.";
  return "The service does not answer just now. Your jobs go on; this page tries again by itself.";
}

function made() {
  const element = document.createElement("p");
  element.className = "notice away";
  element.setAttribute("role", "status");
  document.querySelector("#live")?.before(element);
  return element;
}
