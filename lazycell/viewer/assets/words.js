// Numbers and names as a reader wants them.

// Names come from strangers' files: what would not show, or would turn the text around, is written as an escape.
const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff\ufff9-\ufffb]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

function legible(text, longest = 2000) {
  const shown = text.length > longest ? `${text.slice(0, longest)}… (${countText(text.length)} characters)` : text;
  return shown.replace(UNSEEN, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

function countText(count) { return count.toLocaleString("en-US"); }

function plural(count, noun) { return `${countText(count)} ${noun}${count === 1 ? "" : "s"}`; }

function bytesText(bytes) {
  if (bytes < 1000) return `${bytes} B`;
  const units = ["kB", "MB", "GB", "TB", "PB"];
  let value = bytes / 1000, unit = 0;
  while (value >= 999.5 && unit < units.length - 1) { value /= 1000; unit++; }
  return `${value.toFixed(value < 9.995 ? 2 : value < 99.95 ? 1 : 0)} ${units[unit]}`;
}

function shareText(part, whole) {
  if (!whole) return "0%";
  const share = (100 * part) / whole;
  return share > 0 && share < 0.1 ? "under 0.1%" : `${share.toFixed(1)}%`;
}

function shapeText(shape) {
  if (!shape) return "()";
  return `(${shape.join(", ")}${shape.length === 1 ? "," : ""})`;
}

function make(tag, className, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}
