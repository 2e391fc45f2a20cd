// Above the tree and the map: how much each side holds, the cache, and the line that divides the two.

function signed(number, text) { return number === 0 ? "±0" : `${number < 0 ? "-" : "+"}${text(Math.abs(number))}`; }

// Of the older side's bytes, in the words of `lazycell diff`.
function percentText() {
  const { percent, nbytes } = model.growth || {};
  if (!nbytes || percent === null) return "";
  const share = Math.abs(percent);
  return `, ${nbytes < 0 ? "-" : "+"}${share >= 0.05 ? `${share.toLocaleString("en-US", { minimumFractionDigits: 1, maximumFractionDigits: 1 })}%` : "under 0.1%"}`;
}

function tellTotals() {
  const [old, now] = [model.sides[0], model.sides[model.sides.length - 1]];
  const totals = [["parameter", "parameters", countText], ["element", "elements", countText], ["", "nbytes", bytesText]];
  const items = totals.map(([noun, key, text]) => {
    const item = make("span", "total"), word = noun && (now[key] === 1 ? noun : `${noun}s`);
    const value = model.compared ? `${text(old[key])} → ${text(now[key])}` : text(now[key]);
    item.append(make("span", "amount", `${value}${word && ` ${word}`}`));
    if (model.compared) item.append(" ", make("span", "by", signed(now[key] - old[key], text) + (noun ? "" : percentText())));
    return item;
  });
  const kinds = [...new Set(model.sides.map((side) => (side.declared ? "model" : "checkpoint")))];
  if (kinds.includes("checkpoint")) items.unshift(make("span", "total kind", model.sides.map((side) => (side.declared ? "model" : "checkpoint")).join(" → ")));
  byId("totals").append(...items);
}

// What the keys and values of so many texts of such a length take; a window keeps its newest positions.
function tellCache() {
  const { caches } = model.sides[model.sides.length - 1];
  byId("cache").hidden = caches.length === 0;
  const [batch, length] = ["batch", "length"].map((id) => Math.floor(byId(id).valueAsNumber));
  if (!(batch >= 1 && length >= 1)) { byId("cache-bytes").textContent = ""; return; }
  const bytes = (windows) => batch * caches.reduce((sum, [each, window]) =>
    sum + each * (windows && window !== null ? Math.min(length, window) : length), 0);
  const whole = bytes(false), kept = bytes(true);
  const without = whole === kept ? "" : `; ${bytesText(whole)} without windows`;
  const all = bytesText(kept + model.sides[model.sides.length - 1].nbytes);
  byId("cache-bytes").textContent = `${bytesText(kept)}${without} · with the weights ${all}`;
}
for (const id of ["batch", "length"]) byId(id).addEventListener("input", tellCache);

const split = byId("split");
function divide(share) {
  const percent = Math.round(Math.max(20, Math.min(80, share)));
  split.setAttribute("aria-valuenow", percent);
  document.documentElement.style.setProperty("--split", `${percent}%`);
}
split.addEventListener("pointerdown", (event) => { split.setPointerCapture(event.pointerId); event.preventDefault(); });
split.addEventListener("pointermove", (event) => {
  if (split.hasPointerCapture(event.pointerId)) divide((100 * event.clientX) / window.innerWidth);
});
split.addEventListener("keydown", (event) => {
  const step = { ArrowLeft: -2, ArrowRight: 2 }[event.key];
  if (step) { event.preventDefault(); divide(Number(split.getAttribute("aria-valuenow")) + step); }
});
