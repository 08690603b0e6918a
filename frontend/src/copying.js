// Buttons that copy a text: `<button class="copy" data-copy="#id">` copies what the element with that id says.

const SAID_MS = 1500;

/** @param {HTMLElement} button */
async function copy(button) {
  const selector = button.dataset["copy"] ?? "";
  const text = selector.startsWith("#") ? (document.querySelector(selector)?.textContent ?? "") : selector;
  const label = button.textContent;
  try {
    await navigator.clipboard.writeText(text.trim());
    button.textContent = "Copied";
  } catch {
    button.textContent = "Press Ctrl+C";
    getSelection()?.selectAllChildren(document.querySelector(selector) ?? button);
  }
  setTimeout(() => (button.textContent = label), SAID_MS);
}

/** @param {ParentNode} root */
export function offerCopying(root) {
  for (const button of root.querySelectorAll("button.copy[hidden]")) button.removeAttribute("hidden");
}

document.addEventListener("click", (event) => {
  const button = event.target instanceof Element ? event.target.closest("button.copy") : null;
  if (button instanceof HTMLElement) void copy(button);
});
