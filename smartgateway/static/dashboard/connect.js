"use strict";

const said = document.querySelector(".said");

function select(source) {
  const range = document.createRange();
  range.selectNodeContents(source);
  const selection = window.getSelection();
  selection.removeAllRanges();
  selection.addRange(range);
}

// Browsers give the clipboard to https and localhost alone; elsewhere the old way has to do.
async function copied(source) {
  if (navigator.clipboard) {
    return navigator.clipboard.writeText(source.textContent).then(() => true, () => false);
  }
  select(source);
  return document.execCommand("copy");
}

async function copy(button) {
  const source = document.getElementById(button.dataset.copies);
  const isCopied = await copied(source);
  if (!isCopied) {
    select(source);
  }
  button.textContent = isCopied ? "Copied" : "Selected";
  said.textContent = isCopied ? "Copied" : "Selected: copy it with the keyboard";
  window.setTimeout(() => {
    button.textContent = "Copy";
    said.textContent = "";
  }, 2000);
}

for (const button of document.querySelectorAll("[data-copies]")) {
  button.hidden = false;
  button.addEventListener("click", () => copy(button));
}
