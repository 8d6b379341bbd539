// Plots over the axes of the sweep: a map over two fields, and lines over one field.
const MOST_LINES = COLOURS;
const DEEPEST = 62; // percent of the accent in the cell with the greatest value

const valuesIn = field => new Set(settings.map(row => codeOf(field, row))).size;
const over = (() => {
  const numeric = telling.filter(field => field.numeric)
    .sort((a, b) => valuesIn(b) - valuesIn(a));
  const along = numeric[0] ?? telling[0];
  const few = telling.filter(field => field !== along)
    .sort((a, b) => valuesIn(a) - valuesIn(b))[0];
  return {
    score: Math.max(leading, 0), rows: telling[0], columns: telling[1], along,
    by: few && valuesIn(few) <= MOST_LINES ? few : null,
  };
})();

function drawOver() {
  const host = byId("axes");
  const score = scores[over.score];
  host.replaceChildren();
  if (!kept.settings.length) return;
  if (telling.length > 1) drawMap(host, score);
  drawLines(host, score);
  if (axes.length > 1) drawParallel(host, score);
}

const fieldControl = (label, name, list) => choice(label,
  fieldChoices(list), fields.indexOf(over[name]), value => {
    over[name] = fields[value];
    drawOver();
  });

function drawMap(host, score) {
  const list = [...telling, ...followers];
  const figure = el("figure", { class: "panel" },
    el("figcaption", {}, el("h3", {}, `Over two axes: ${score.title}`)),
    el("div", { class: "bar" }, fieldControl("rows", "rows", list),
      fieldControl("columns", "columns", list)));
  const plot = el("div", { class: "chart" });
  figure.append(plot);
  host.append(figure);
  const rows = placesOf(over.rows, kept.settings);
  const columns = placesOf(over.columns, kept.settings);
  const found = new Map();
  for (const setting of kept.settings) {
    const key = rows.of(setting) * columns.names.length + columns.of(setting);
    if (!found.has(key)) found.set(key, []);
    found.get(key).push(setting);
  }
  const means = new Map([...found].map(([key, own]) => [key, meanOf(score, own)]));
  const values = finite([...means.values()]);
  const [low, high] = extent(values);
  const log = values.length > 0 && isWide(values, 1000);
  const depth = values.length
    ? scaleOf(low, high, log, 6, high > low ? DEEPEST : 6) : null;

  const width = plot.clientWidth;
  const most = width < 420 ? 12 : LONGEST;
  const left = lengthOf(rows.names, most) * CHARACTER + 36;
  const wide = (width - left - 4) / columns.names.length;
  const tall = Math.max(22, Math.min(46, 300 / rows.names.length));
  const below = namesBelow(columns.names, wide);
  const bottom = tall * rows.names.length;
  const height = bottom + below.height + 20;
  const picture = svg("svg", { width, height, role: "img",
    "aria-label": `${score.title} over ${over.rows.name} and ${over.columns.name}` });
  rows.names.forEach((name, i) => picture.append(svg("text",
    { class: "tick", x: left - 8, y: (i + 0.5) * tall + 4, "text-anchor": "end" },
    svg("title", {}, name), clipped(name, most))));
  columns.names.forEach((name, i) =>
    picture.append(below.draw(left + (i + 0.5) * wide, bottom, name)));
  const longest = lengthOf(values.map(shown));
  const better = score.direction && values.length
    ? (score.direction > 0 ? high : low) : NaN;
  rows.names.forEach((rowName, i) => columns.names.forEach((columnName, j) => {
    const key = i * columns.names.length + j;
    const value = means.get(key) ?? NaN;
    const own = found.get(key) ?? [];
    const there = Number.isFinite(value);
    const cell = svg("g", {},
      svg("title", {}, `${over.rows.name}=${rowName}, ${over.columns.name}=` +
        `${columnName}: ${there ? shown(value) : "no score"} ` +
        `(${own.length} setting${own.length === 1 ? "" : "s"})`),
      svg("rect", {
        class: there ? "cell" : "cell none", x: left + j * wide + 1,
        y: i * tall + 1, width: Math.max(1, wide - 2), height: tall - 2, rx: 3,
        style: there ? `--much:${depth.at(value).toFixed(1)}%` : null,
      }));
    const text = there ? shown(value) : "–";
    if (!there || longest * CHARACTER + 2 < wide)
      cell.append(svg("text", {
        class: value === better ? "number best" : "number",
        x: left + (j + 0.5) * wide, y: (i + 0.5) * tall + 4, "text-anchor": "middle",
      }, text));
    picture.append(cell);
  }));
  picture.append(
    svg("text", { class: "axis", x: left + (width - left) / 2, y: height - 3,
      "text-anchor": "middle" },
    clipped(over.columns.name, Math.floor((width - left) / CHARACTER))),
    svg("text", { class: "axis", "text-anchor": "middle",
      transform: `translate(11 ${bottom / 2}) rotate(-90)` },
    clipped(over.rows.name, Math.max(8, Math.floor(bottom / CHARACTER)))));
  plot.append(picture);
  if (values.length) figure.append(el("p", { class: "ramp note" },
    el("span", {}, shown(low)), el("i"), el("span", {}, shown(high)),
    [log ? "logarithmic" : "", score.direction > 0 ? "higher is better"
      : score.direction < 0 ? "lower is better" : ""].filter(Boolean).join(", ")));
  figure.append(...[groupedNote([[over.rows, rows], [over.columns, columns]])]
    .filter(Boolean));
}

function drawLines(host, score) {
  const list = [...telling, ...followers];
  if (!over.along) return;
  const along = placesOf(over.along, kept.settings);
  const by = over.by && placesOf(over.by, kept.settings);
  const lines = by ? by.names.slice(0, MOST_LINES) : [""];
  const places = along.names.map((_, i) => i);
  const series = lines.map((name, line) => {
    const own = kept.settings.filter(row => !by || by.of(row) === line);
    const at = places.map(() => []);
    own.forEach(row => at[along.of(row)].push(row));
    const used = places.filter(i => Number.isFinite(meanOf(score, at[i])));
    const found = used.map(i => estimateOf(score, at[i]));
    const scored = own.filter(row => Number.isFinite(score.mean[row]));
    return {
      name, colour: line % COLOURS,
      cloud: along.grouped ? {
        x: scored.map(row => over.along.numbers[codeOf(over.along, row)]),
        y: scored.map(row => score.mean[row]),
      } : null,
      x: used.map(i => (along.numbers ? along.numbers[i] : i)),
      y: found.map(f => f.mean), low: found.map(f => f.low), high: found.map(f => f.high),
    };
  }).filter(s => s.x.length);
  const few = along.numbers && along.numbers.length <= 8;
  const figure = chart(host, {
    title: `Over one axis: ${score.title}`, series, label: score.title, height: 300,
    across: telling.length < 2,
    along: {
      label: over.along.name, log: along.log, bars: !over.along.numeric,
      names: along.numbers ? null : along.names, values: few ? along.numbers : null,
    },
    controls: el("div", { class: "bar" }, fieldControl("along", "along", list),
      choice("a line for each", [["", "–"], ...fieldChoices(list)],
        over.by ? fields.indexOf(over.by) : "", value => {
          over.by = value === "" ? null : fields[value];
          drawOver();
        })),
  });
  if (by && by.names.length > MOST_LINES)
    figure.append(el("p", { class: "note warn" },
      `Only the first ${MOST_LINES} of ${by.names.length} values of ` +
      `${over.by.name} have a line.`));
  const note = groupedNote([[over.along, along], ...(by ? [[over.by, by]] : [])]);
  if (note) figure.append(note);
}
