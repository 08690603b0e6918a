// The page to paste a job document: a fault leads to its line, and a file dropped on the field is read into it.

/** @param {HTMLFormElement} form */
export function showLines(form) {
  const field = form.querySelector("textarea");
  if (!field) return;
  for (const link of document.querySelectorAll("a[data-line]")) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      select(field, Number(link.getAttribute("data-line")));
    });
  }
  field.addEventListener("dragover", (event) => event.preventDefault());
  field.addEventListener("drop", (event) => {
    const file = event.dataTransfer?.files[0];
    if (!file) return;
    event.preventDefault();
    void file.text().then((text) => (field.value = text));
  });
}

/**
 * @param {HTMLTextAreaElement} field
 * @param {number} line
 */
function select(field, line) {
  const lines = field.value.split("\n");
  const begin = lines.slice(0, line - 1).join("\n").length + (line > 1 ? 1 : 0);
  field.focus();
  field.setSelectionRange(begin, begin + (lines[line - 1]?.length ?? 0));
  field.scrollTop = ((line - 4) * field.scrollHeight) / Math.max(lines.length, 1);
}
