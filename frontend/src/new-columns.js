// The first lines of a table, and the columns to pick from it, as soon as it is uploaded.

/**
 * @typedef {{ columns: string[], rows: string[][], species: string | null, x: string | null, y: string | null,
 *   encoding: string, delimiter: string, note: string | null }} Preview
 */

/**
 * @param {HTMLFormElement} form
 * @returns {(field: string, upload: string | null) => void} to be told which upload a parameter's table now is
 */
export function offerColumns(form) {
  for (const select of selects(form)) select.addEventListener("change", () => mark(form, select.dataset.column ?? ""));
  for (const place of form.querySelectorAll("[data-preview]")) mark(form, place.getAttribute("data-preview") ?? "");
  return (field, upload) => void show(form, field, upload);
}

/**
 * @param {HTMLFormElement} form
 * @param {string} [table]
 */
function selects(form, table) {
  const found = [...form.querySelectorAll("select[data-column]")];
  return found.filter((each) => each instanceof HTMLSelectElement && (!table || each.dataset.column === table)).map(
    (each) => /** @type {HTMLSelectElement} */ (each),
  );
}

/**
 * @param {HTMLFormElement} form
 * @param {string} field
 * @param {string | null} upload
 */
async function show(form, field, upload) {
  const place = form.querySelector(`[data-preview="${CSS.escape(field)}"]`);
  if (!place) return;
  place.replaceChildren();
  if (!upload) return;
  const answer = await fetch(`/api/v1/previews/${upload}`);
  const body = await answer.json();
  if (!answer.ok) {
    place.append(paragraph("fault", body.detail));
    return;
  }
  place.append(...parts(body));
  for (const select of selects(form, field)) offer(select, body);
  mark(form, field);
}

/**
 * @param {Preview} preview
 * @returns {HTMLElement[]}
 */
function parts(preview) {
  const table = document.createElement("table");
  const head = table.createTHead().insertRow();
  for (const name of preview.columns) {
    head.append(Object.assign(document.createElement("th"), { scope: "col", textContent: name }));
  }
  const body = table.createTBody();
  for (const cells of preview.rows) {
    const row = body.insertRow();
    for (const cell of cells) row.insertCell().textContent = cell;
  }
  const scroll = Object.assign(document.createElement("div"), { className: "scroll", tabIndex: 0 });
  scroll.setAttribute("role", "region");
  scroll.setAttribute("aria-label", "First lines of the table");
  scroll.append(table);
  const facts = paragraph("hint", `${preview.encoding}, ${preview.delimiter}`);
  return preview.note ? [paragraph("notice", preview.note), scroll, facts] : [scroll, facts];
}

/**
 * @param {string} name
 * @param {string} text
 */
function paragraph(name, text) {
  return Object.assign(document.createElement("p"), { className: name, textContent: text });
}

/**
 * @param {HTMLSelectElement} select
 * @param {Preview} preview
 */
function offer(select, preview) {
  const chosen = select.value;
  const found = foundFor(select, preview);
  const first = new Option(found ? `${found} (found)` : "choose a column", "");
  first.dataset.found = found ?? "";
  select.replaceChildren(first, ...preview.columns.map((name) => new Option(name, name)));
  select.value = preview.columns.includes(chosen) ? chosen : "";
}

/**
 * @param {HTMLSelectElement} select
 * @param {Preview} preview
 * @returns {string | null}
 */
function foundFor(select, preview) {
  const role = select.dataset.role;
  return role === "species" || role === "x" || role === "y" ? preview[role] : null;
}

/**
 * Show in the table which columns are taken.
 * @param {HTMLFormElement} form
 * @param {string} table
 */
function mark(form, table) {
  const place = form.querySelector(`[data-preview="${CSS.escape(table)}"]`);
  const taken = new Set(selects(form, table).map((select) => select.value || select.options[0]?.dataset.found));
  const headers = [...(place?.querySelectorAll("th") ?? [])];
  headers.forEach((header, index) => {
    const is = taken.has(header.textContent ?? "");
    header.classList.toggle("chosen", is);
    const cells = place?.querySelectorAll(`tbody td:nth-child(${index + 1})`) ?? [];
    for (const cell of cells) cell.classList.toggle("chosen", is);
  });
}
