// The pages of a job: its maps, its files looked at in place, and logs that follow what is printed.
import { onContent } from "./content.js";

/** @type {WeakSet<Element>} */
const drawn = new WeakSet();

/** @param {ParentNode} root */
function drawMaps(root) {
  for (const figure of root.querySelectorAll("figure[data-maps]")) {
    if (drawn.has(figure) || !(figure instanceof HTMLElement)) continue;
    drawn.add(figure);
    void import("./map.js").then(({ showMap }) => showMap(figure));
  }
}

/** @type {Map<string, boolean>} whether the reader is at the end of a log, by the element's id */
const following = new Map();

/** @param {ParentNode} root */
function followLogs(root) {
  for (const log of root.querySelectorAll("pre[data-follow]")) {
    if (following.get(log.id) ?? true) log.scrollTop = log.scrollHeight;
  }
}

document.addEventListener(
  "scroll",
  (event) => {
    const log = event.target;
    if (!(log instanceof HTMLElement) || !log.hasAttribute("data-follow")) return;
    following.set(log.id, log.scrollTop + log.clientHeight > log.scrollHeight - 30);
  },
  true,
);

document.addEventListener("click", (event) => {
  const link = event.target instanceof Element ? event.target.closest("a.look") : null;
  if (!(link instanceof HTMLAnchorElement) || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  void look(link);
});

/** @param {HTMLAnchorElement} link */
async function look(link) {
  const line = link.closest(".file");
  const open = line?.nextElementSibling;
  if (open?.classList.contains("preview")) return open.remove();
  const answer = await fetch(link.href, { headers: { Accept: "text/html" } });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const preview = page.querySelector("figure[data-maps]") ?? page.querySelector("#preview") ?? page.querySelector("main");
  if (!preview || !line) return;
  preview.removeAttribute("id");
  line.after(document.adoptNode(preview));
  drawMaps(document);
}

onContent(drawMaps);
onContent(followLogs);
