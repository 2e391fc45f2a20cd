// What colours stand for, and the light or dark that they are made for.

const modes = modesOf(model);
const usualMode = firstMode(model, modes);
byId("mode").append(...modes.map(({ key, label }) => {
  const option = make("option", "", label);
  option.value = key;
  return option;
}));
byId("mode").addEventListener("change", (event) => colourBy(event.target.value));

function colourBy(key) {
  byId("mode").value = key;
  if (!state.sorted || state.sorted.key !== key) store.change({ sorted: sortRows(model, key), highlight: -1 });
}

function drawLegend() {
  const { categories } = state.sorted;
  const colours = inks(categories.map((each) => each.colour));
  byId("legend").replaceChildren(...categories.map((each, place) => {
    const item = make("li"), button = make("button", "entry"), swatch = make("span", "swatch");
    button.type = "button";
    button.title = "Show these alone in the map";
    button.setAttribute("aria-pressed", state.highlight === place);
    swatch.style.backgroundColor = colours[place];
    const size = each.bytes ? `${bytesText(each.bytes)} · ${shareText(each.bytes, model.area[0])}` : "";
    button.append(swatch, make("span", "label", legible(each.label, 60)), make("span", "quiet", countText(each.count)), make("span", "size", size));
    button.addEventListener("click", () => {
      store.change({ highlight: state.highlight === place ? -1 : place });
      byId("legend").children[place].firstChild.focus();
    });
    item.append(button);
    return item;
  }));
}

const darkness = window.matchMedia("(prefers-color-scheme: dark)");
darkness.addEventListener("change", () => wear(darkness.matches ? "dark" : "light"));
byId("theme").addEventListener("click", () => wear(document.documentElement.dataset.theme === "dark" ? "light" : "dark"));

function wear(theme) {
  document.documentElement.dataset.theme = theme;
  byId("theme").textContent = theme === "dark" ? "Light" : "Dark";
  byId("theme").setAttribute("aria-label", theme === "dark" ? "Use light colours" : "Use dark colours");
  store.change({ theme });
}

// Paper is white.
let worn = "";
window.addEventListener("beforeprint", () => { worn = state.theme; wear("light"); });
window.addEventListener("afterprint", () => wear(worn || state.theme));

store.listen((parts) => {
  if (state.sorted && ["sorted", "highlight", "theme"].some((key) => key in parts)) drawLegend();
});
