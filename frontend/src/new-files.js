// Places for files: dropped or chosen files are uploaded at once; the form then names them by their ids.
import { send } from "./new-upload.js";

const MOST_SETS = 9;

/** @typedef {(field: string, upload: string | null) => void} Changed is told which upload a parameter's table now is */

/**
 * @param {HTMLFormElement} form
 * @param {Changed} changed
 */
export function placeFiles(form, changed) {
  const work = new Work(form);
  for (const slot of form.querySelectorAll("[data-slot]")) {
    if (slot instanceof HTMLElement) dress(slot, form, work, changed);
  }
  form.querySelector("[data-look]")?.setAttribute("hidden", "");
}

/** Uploads that are on their way; the form waits for them. */
class Work {
  /** @param {HTMLFormElement} form */
  constructor(form) {
    this.pending = 0;
    this.form = form;
    this.status = form.querySelector("[data-uploading]");
    /** @type {HTMLElement | null} */
    this.waiting = null;
    form.addEventListener("submit", (event) => {
      if (!this.pending) return;
      event.preventDefault();
      this.waiting = event.submitter;
      this.show();
    });
  }

  /** @param {number} change */
  count(change) {
    this.pending += change;
    this.show();
    if (this.pending === 0 && this.waiting) this.form.requestSubmit(this.waiting);
  }

  show() {
    if (!(this.status instanceof HTMLElement)) return;
    const files = this.pending === 1 ? "1 file is" : `${this.pending} files are`;
    this.status.hidden = this.pending === 0;
    this.status.textContent = `${files} being uploaded${this.waiting ? "; the form is sent after that" : ""}.`;
  }
}

/**
 * @param {HTMLElement} slot
 * @param {HTMLFormElement} form
 * @param {Work} work
 * @param {Changed} changed
 */
function dress(slot, form, work, changed) {
  const input = slot.querySelector("input[type=file]");
  if (!(input instanceof HTMLInputElement)) return;
  const hint = document.createElement("span");
  hint.className = "drop";
  hint.textContent = slot.hasAttribute("data-several") ? "or drop files here" : "or drop a file here";
  input.after(hint);
  /** @param {FileList | null | undefined} files */
  const take = (files) => {
    const chosen = [...(files ?? [])].slice(0, slot.hasAttribute("data-several") ? undefined : 1);
    if (chosen.length) offerNextSet(slot, form, work, changed);
    for (const file of chosen) void bring(file, slot, form, work, changed);
    input.value = "";
  };
  input.addEventListener("change", () => take(input.files));
  for (const name of ["dragenter", "dragover", "dragleave", "drop"]) {
    slot.addEventListener(name, (event) => {
      event.preventDefault();
      slot.classList.toggle("over", name === "dragenter" || name === "dragover");
      if (name === "drop" && event instanceof DragEvent) take(event.dataTransfer?.files);
    });
  }
  slot.addEventListener("change", (event) => {
    if (event.target instanceof HTMLInputElement && event.target.type === "checkbox") tell(slot, changed);
  });
}

/**
 * @param {File} file
 * @param {HTMLElement} slot
 * @param {HTMLFormElement} form
 * @param {Work} work
 * @param {Changed} changed
 */
async function bring(file, slot, form, work, changed) {
  const list = /** @type {HTMLElement} */ (slot.querySelector(".held"));
  if (!slot.hasAttribute("data-several")) list.replaceChildren();
  const row = list.appendChild(document.createElement("li"));
  const stop = button("Stop");
  const { parts, tell: told } = progressOf(file);
  row.append(...parts, stop);
  work.count(1);
  const sending = send(file, token(form), told);
  const stopped = new Promise((resolve) => stop.addEventListener("click", () => resolve(null)));
  try {
    const upload = await Promise.race([sending.done, stopped]);
    if (upload) row.replaceChildren(...held(file, slot, upload));
    else row.remove();
    if (!upload) sending.stop();
    tell(slot, changed);
  } catch (error) {
    const again = button("Try again");
    again.addEventListener("click", () => {
      row.remove();
      void bring(file, slot, form, work, changed);
    });
    row.replaceChildren(file.name, said(error), again);
    work.waiting = null;
  }
  work.count(-1);
}

/** @param {string} text */
function button(text) {
  return Object.assign(document.createElement("button"), { type: "button", className: "small", textContent: text });
}

/**
 * @param {File} file
 * @returns {{ parts: (string | HTMLElement)[], tell: (share: number) => void }} what shows how far an upload is
 */
function progressOf(file) {
  const bar = Object.assign(document.createElement("progress"), { max: 1, value: 0 });
  const number = document.createElement("small");
  bar.setAttribute("aria-label", `Upload of ${file.name}`);
  const tell = (/** @type {number} */ share) => {
    bar.value = share;
    number.textContent = `${sizeText(share * file.size)} of ${sizeText(file.size)}`;
  };
  return { parts: [file.name, bar, number], tell };
}

/**
 * @param {HTMLFormElement} form
 * @returns {string}
 */
function token(form) {
  const field = form.elements.namedItem("csrf_token");
  return field instanceof HTMLInputElement ? field.value : "";
}

/** @param {unknown} error */
function said(error) {
  const text = Object.assign(document.createElement("span"), { className: "fault" });
  text.setAttribute("role", "alert");
  text.textContent = error instanceof Error ? error.message : "";
  return text;
}

/**
 * @param {File} file
 * @param {HTMLElement} slot
 * @param {string} upload
 * @returns {HTMLElement[]} the box that keeps the upload, and its label where there are several
 */
function held(file, slot, upload) {
  const name = slot.dataset.slot ?? "";
  const keep = Object.assign(document.createElement("label"), { className: "keep" });
  const box = Object.assign(document.createElement("input"), { type: "checkbox", name: `${name}.upload` });
  box.value = upload;
  box.checked = true;
  const size = document.createElement("small");
  size.textContent = sizeText(file.size);
  keep.append(box, ` ${file.name} `, size);
  if (slot.hasAttribute("data-ids")) return shownId(file, upload);
  if (!slot.hasAttribute("data-several")) return [keep];
  const label = Object.assign(document.createElement("label"), { className: "label" });
  const text = Object.assign(document.createElement("input"), { name: `${name}.label.${upload}`, maxLength: 200 });
  text.value = file.name.replace(/\.[^.]*$/, "");
  label.append("Label ", text);
  return [keep, label];
}

/**
 * @param {File} file
 * @param {string} upload
 * @returns {HTMLElement[]} the name and the id to be copied
 */
function shownId(file, upload) {
  const name = Object.assign(document.createElement("span"), { textContent: file.name });
  const id = Object.assign(document.createElement("code"), { textContent: upload });
  const copy = Object.assign(document.createElement("button"), { type: "button", className: "copy" });
  copy.textContent = "Copy id";
  copy.addEventListener("click", () => void navigator.clipboard.writeText(upload));
  return [name, id, copy];
}

/** @param {number} bytes */
function sizeText(bytes) {
  const unit = bytes < 1e3 ? 0 : bytes < 1e6 ? 1 : bytes < 1e9 ? 2 : 3;
  return `${(bytes / 1000 ** unit).toFixed(unit ? 1 : 0)} ${["B", "kB", "MB", "GB"][unit]}`;
}

/**
 * @param {HTMLElement} slot
 * @param {Changed} changed
 */
function tell(slot, changed) {
  const box = slot.querySelector(".held input[type=checkbox]:checked");
  changed(slot.dataset.slot ?? "", box instanceof HTMLInputElement ? box.value : null);
}

/**
 * Offer a place for another set of files as soon as the last one gets some.
 * @param {HTMLElement} slot
 * @param {HTMLFormElement} form
 * @param {Work} work
 * @param {Changed} changed
 */
function offerNextSet(slot, form, work, changed) {
  const sets = slot.closest(".sets");
  const slots = sets ? [...sets.querySelectorAll("[data-slot]")] : [];
  const count = sets?.querySelector("input[type=hidden]");
  if (!sets || slots.at(-1) !== slot || !(count instanceof HTMLInputElement) || slots.length >= MOST_SETS) return;
  const number = slots.length + 1;
  const next = emptied(slot, number);
  const title = Object.assign(document.createElement("p"), { className: "set" });
  title.textContent = `Set ${number}`;
  sets.append(title, next);
  count.value = String(number);
  dress(next, form, work, changed);
}

/**
 * @param {HTMLElement} slot
 * @param {number} number
 * @returns {HTMLElement} a place like this one, with nothing in it, for the set of this number
 */
function emptied(slot, number) {
  const next = /** @type {HTMLElement} */ (slot.cloneNode(true));
  const name = `${slot.dataset.slot?.replace(/\.\d+$/, "")}.${number}`;
  next.dataset.slot = name;
  next.querySelector(".held")?.replaceChildren();
  next.querySelector(".drop")?.remove();
  for (const field of next.querySelectorAll("input")) {
    field.name = field.name.replace(/^[^.]*\.\d+/, name);
    if (field.id) field.id = name;
    field.checked = false;
  }
  return next;
}
