// The map: a rectangle for each parameter, its area the bytes. The base canvas holds the rectangles, the one over it the
// outlines of what is hovered and selected, so that a moving pointer redraws next to nothing. A fold that the tree shows
// as one is one here, too: both speak of the same nodes.

const TITLE = 17;        // height of a group's title
const SMALLEST = 3;      // a group thinner than this is drawn as one rectangle
const LEAST_MATCH = 6;   // a match smaller than this is marked, so that it is seen
const MOST_MARKS = 2000; // more than these are seen without
const LETTER = 6.65;     // width of a letter of the canvas' font

function makeMap(model, store) {
  const box = document.getElementById("map");
  const base = document.getElementById("map-base"), over = document.getElementById("map-over");
  const { state } = store;
  let tiles = [], tileOf = new Int32Array(model.count).fill(-1);
  let moved = false, stale = false, due = 0;

  new ResizeObserver(() => { moved = true; draw(); }).observe(box);
  store.listen((parts) => {
    moved = moved || "zoom" in parts || "split" in parts;
    stale = stale || moved || ["sorted", "shown", "highlight", "theme"].some((key) => key in parts);
    // Who types does not wait for the map of every letter.
    if (!("query" in parts)) draw();
    else if (!due) due = requestAnimationFrame(draw);
  });

  function draw() {
    cancelAnimationFrame(due);
    due = 0;
    if (moved) arrange();
    if (moved || stale) paint();
    moved = stale = false;
    outline();
  }

  function arrange() {
    const width = box.clientWidth, height = box.clientHeight, ratio = window.devicePixelRatio || 1;
    for (const canvas of [base, over]) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
      canvas.getContext("2d").setTransform(ratio, 0, 0, ratio, 0, 0);
    }
    tileOf.fill(-1);
    tiles = layTiles(model, state, width, height, tileOf);
  }

  function paint() {
    const pen = base.getContext("2d");
    pen.clearRect(0, 0, box.clientWidth, box.clientHeight);
    if (!state.sorted) return;
    const fills = inks(state.sorted.categories.map((each) => each.colour));
    const [ink, paper, frame, frameInk, family, accent] =
      inks(["--map-ink", "--map-faded", "--map-frame", "--text", "--mono", "--accent"]);
    pen.font = `11px ${family}`;
    pen.textBaseline = "middle";
    const small = [];
    let leaves = 0, lit = 0;
    for (let place = 0; place < tiles.length; place++) {
      const tile = tiles[place];
      // Of what a search leaves out, the titles are enough.
      if (tile.open && !tile.title && tile.node !== state.zoom && state.shown && !state.shown[tile.node]) {
        pen.fillStyle = paper;
        pen.fillRect(tile.x, tile.y, tile.width - 1, tile.height - 1);
        while (place + 1 < tiles.length && isWithin(model, tiles[place + 1].node, tile.node)) place++;
        leaves++;
        continue;
      }
      if (tile.open) { paintFrame(pen, tile, frame, frameInk); continue; }
      const leaf = litLeaf(tile.node), pale = leaf < 0, row = pale ? -1 : rowOf(model, state, leaf);
      pen.fillStyle = pale ? paper : fills[state.sorted.category[row]];
      const gap = Math.min(tile.width, tile.height) > 4 ? 1 : 0;
      pen.fillRect(tile.x, tile.y, tile.width - gap, tile.height - gap);
      leaves++;
      if (!pale) { lit++; paintLabel(pen, tile, ink); }
      if (!pale && Math.min(tile.width, tile.height) < LEAST_MATCH) small.push([tile, fills[state.sorted.category[row]]]);
    }
    // Where most is lit, nothing has to be pointed at.
    if (2 * lit <= leaves && small.length <= MOST_MARKS) for (const each of small) paintMark(pen, ...each, accent);
  }

  // The heaviest parameter of a rectangle that is not to be pale, or -1.
  function litLeaf(node) {
    const { shown, highlight, sorted } = state;
    if (shown && !shown[node]) return -1;
    if (!shown && highlight < 0) return model.heaviest[node];
    let found = -1;
    for (let leaf = node; leaf < model.end[node]; leaf++) {
      const row = rowOf(model, state, leaf);
      if (row < 0 || (shown && !shown[leaf]) || (highlight >= 0 && sorted.category[row] !== highlight)) continue;
      if (found < 0 || model.area[leaf] > model.area[found]) found = leaf;
    }
    return found;
  }

  // What is small is drawn larger than it is, within the map.
  function paintMark(pen, tile, fill, accent) {
    const width = Math.ceil(Math.max(tile.width, LEAST_MATCH)), height = Math.ceil(Math.max(tile.height, LEAST_MATCH));
    const x = Math.max(0, Math.min(box.clientWidth - width, Math.round(tile.x + (tile.width - width) / 2)));
    const y = Math.max(0, Math.min(box.clientHeight - height, Math.round(tile.y + (tile.height - height) / 2)));
    pen.fillStyle = accent;
    pen.fillRect(x, y, width, height);
    pen.fillStyle = fill;
    pen.fillRect(x + 1, y + 1, width - 2, height - 2);
  }

  function paintFrame(pen, tile, frame, frameInk) {
    pen.fillStyle = frame;
    pen.fillRect(tile.x, tile.y, tile.width - 1, tile.height - 1);
    pen.fillStyle = frameInk;
    if (tile.title) pen.fillText(fitted(legible(tile.title, 200), tile.width - 10), tile.x + 5, tile.y + TITLE / 2 + 1);
  }

  function paintLabel(pen, tile, ink) {
    if (tile.width < 34 || tile.height < 15) return;
    pen.fillStyle = ink;
    pen.fillText(fitted(legible(tile.lead + labelOf(model, state, tile.node), 200), tile.width - 9), tile.x + 5, tile.y + 9);
    const row = rowOf(model, state, tile.node);
    if (row < 0 || tile.height < 30 || tile.width < 70) return;
    const shape = fitted(`${shapeText(specOf(model, row).shape)}`, tile.width - 9);
    pen.fillText(shape, tile.x + 5, tile.y + 23);
  }

  function outline() {
    const pen = over.getContext("2d");
    pen.clearRect(0, 0, box.clientWidth, box.clientHeight);
    const [accent, paper, text] = inks(["--accent", "--surface", "--text"]);
    for (const [node, colour, thick] of [[state.hovered, text, 1.5], [state.selected, accent, 2.5]]) {
      const tile = tileAround(node);
      if (!tile || node === state.zoom) continue;
      for (const [style, line] of [[paper, thick + 2], [colour, thick]]) {
        pen.strokeStyle = style;
        pen.lineWidth = line;
        pen.strokeRect(tile.x + 1, tile.y + 1, Math.max(1, tile.width - 3), Math.max(1, tile.height - 3));
      }
    }
  }

  // The node's own tile, or that of the smallest group around it that has one.
  function tileAround(node) {
    if (due) draw();
    if (node < 0 || !isWithin(model, node, state.zoom)) return null;
    while (node >= 0 && tileOf[node] < 0) node = model.parent[node];
    return node < 0 ? null : tiles[tileOf[node]];
  }

  return {
    tileAround,
    at(x, y) {
      if (due) draw();
      for (let place = tiles.length - 1; place >= 0; place--) {
        const tile = tiles[place];
        if (x >= tile.x && x < tile.x + tile.width && y >= tile.y && y < tile.y + tile.height) return tile.node;
      }
      return -1;
    },
  };
}

function fitted(text, width) {
  const letters = Math.floor(width / LETTER);
  return text.length <= letters ? text : letters < 2 ? "" : `${text.slice(0, letters - 1)}…`;
}

// Give every rectangle from the zoomed node down, groups before what is in them.
function layTiles(model, state, width, height, tileOf) {
  const { zoom } = state;
  const tiles = [], pending = [{ node: zoom, lead: "", x: 0, y: 0, width, height }];
  while (pending.length) {
    const tile = pending.pop();
    const { chain, last } = lonely(model, state, tile.node);
    for (const node of chain) tileOf[node] = tiles.length;
    tile.open = isGroup(model, state, last) && Math.min(tile.width, tile.height) >= SMALLEST;
    tiles.push(tile);
    if (!tile.open) continue;
    const outermost = tile.node === zoom;
    const titled = !outermost && tile.width > 56 && tile.height > 3 * TITLE;
    const edge = titled ? 2 : !outermost && Math.min(tile.width, tile.height) > 24 ? 1 : 0;
    const path = chain.map((node) => labelOf(model, state, node)).join(".");
    const fold = isWhole(model, state, last) ? `  ${countText(model.fold[last])} ×` : "";
    tile.title = titled ? tile.lead + path + fold : "";
    const lead = titled || outermost ? "" : `${tile.lead}${path}.`;   // what the labels within have to say
    const top = tile.y + (titled ? TITLE : edge);
    const children = childrenOf(model, state, last).filter((child) => model.area[child] > 0);
    children.sort((one, two) => model.area[two] - model.area[one]);
    const inner = [tile.x + edge, top, Math.max(0, tile.width - 2 * edge), Math.max(0, tile.y + tile.height - top - edge)];
    squarify(children.map((child) => model.area[child]), ...inner).forEach(([x, y, wide, high], place) =>
      pending.push({ node: children[place], lead, x, y, width: wide, height: high }));
  }
  return tiles;
}

// A group that holds a single group shares its frame: `bert.encoder`.
function lonely(model, state, node) {
  const chain = [node];
  for (let last = node; isGroup(model, state, last);) {
    const only = firstChild(model, state, last);
    if (only < 0 || state.order.next[only] >= 0 || !isGroup(model, state, only)) break;
    chain.push((last = only));
  }
  return { chain, last: chain[chain.length - 1] };
}
