// The pages of a new job: files that are uploaded while the form is filled in, columns to pick, lines with faults.
import { placeFiles } from "./new-files.js";
import { offerColumns } from "./new-columns.js";
import { showLines } from "./new-document.js";

for (const form of document.querySelectorAll("form[data-new]")) {
  if (form instanceof HTMLFormElement) placeFiles(form, offerColumns(form));
}
for (const form of document.querySelectorAll("form[data-document]")) {
  if (!(form instanceof HTMLFormElement)) continue;
  showLines(form);
  placeFiles(form, () => {});
}
