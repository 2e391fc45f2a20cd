// Squarified treemaps (Bruls, Huizing and van Wijk, 2000): rectangles of given areas, as near to squares as it gets.

// Fill the rectangle with one part for each area; the areas come in falling order. Gives [x, y, width, height] each.
function squarify(areas, x, y, width, height) {
  const total = areas.reduce((sum, area) => sum + area, 0);
  const scale = total > 0 ? (width * height) / total : 0;
  const parts = [];
  for (let first = 0; first < areas.length;) {
    const side = Math.min(width, height);
    const past = rowEnd(areas, first, side, scale);
    let sum = 0;
    for (let each = first; each < past; each++) sum += areas[each] * scale;
    const thickness = side > 0 ? sum / side : 0;
    let along = 0;
    for (let each = first; each < past; each++) {
      const length = thickness > 0 ? (areas[each] * scale) / thickness : 0;
      parts.push(width >= height ? [x, y + along, thickness, length] : [x + along, y, length, thickness]);
      along += length;
    }
    if (width >= height) { x += thickness; width = Math.max(0, width - thickness); }
    else { y += thickness; height = Math.max(0, height - thickness); }
    first = past;
  }
  return parts;
}

// A row takes one more rectangle as long as that makes the worst of them no more oblong.
function rowEnd(areas, first, side, scale) {
  const worst = (sum, largest, smallest) =>
    Math.max((side * side * largest) / (sum * sum), (sum * sum) / (side * side * smallest));
  const largest = areas[first] * scale;
  let sum = largest, past = first + 1, ratio = worst(sum, largest, largest);
  for (; past < areas.length; past++) {
    const next = areas[past] * scale;
    const wider = worst(sum + next, largest, next);
    if (wider > ratio) break;
    ratio = wider;
    sum += next;
  }
  return past;
}
