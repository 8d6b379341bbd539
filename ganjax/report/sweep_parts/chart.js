// Charts of lines with bands, as SVG in pixels, so that text stays readable.
const COLOURS = 8;
const FEW_POINTS = 24; // a curve with at most this number of points has dots
let clips = 0;

// Paths through the points, with gaps where a value is not finite.
function linePaths(points, dots) {
  let line = "", spots = "", open = false;
  points.forEach(([x, y], i) => {
    if (!Number.isFinite(y)) { open = false; return; }
    const place = `${x.toFixed(1)} ${y.toFixed(1)}`;
    line += (open ? "L" : "M") + place;
    const alone = !open && !Number.isFinite(points[i + 1]?.[1]);
    if (dots || alone) spots += `M${place}h0`;
    open = true;
  });
  return [line, spots];
}

function bandPath(x, low, high) {
  let path = "";
  for (let i = 0; i < x.length; i++) {
    if (!Number.isFinite(low[i] + high[i])) continue;
    const there = [], back = [];
    for (; i < x.length && Number.isFinite(low[i] + high[i]); i++) {
      there.push(`${x[i].toFixed(1)} ${high[i].toFixed(1)}`);
      back.unshift(`${x[i].toFixed(1)} ${low[i].toFixed(1)}`);
    }
    path += "M" + [...there, ...back].join("L") + "Z";
  }
  return path;
}

// Draw a figure into `host`. A series has `x`, `y`, a `colour` number, and may have a
// `name`, a band, `low` and `high`, and a `cloud` of dots. `along` describes the
// horizontal axis: its `label`; `names` of the places 0, 1, …, or `values` to label, or
// `steps`; and `bars` if its places have no order.
function chart(host, options) {
  const { title, series, along, label = "", controls = null, height = 200 } = options;
  const keys = el("div", { class: "keys" });
  const plot = el("div", { class: "chart" });
  const figure = el("figure", { class: options.across ? "panel across" : "panel" },
    el("figcaption", {}, el("h3", {}, title), controls ? null : keys),
    controls, controls ? keys : null, plot);
  host.append(figure);

  const frame = frameOf(series, along, label, plot.clientWidth, height);
  const picture = svg("svg",
    { width: plot.clientWidth, height, role: "img", "aria-label": title });
  const cursor = svg("path", { class: "zero", d: "" });
  picture.append(...axesIn(frame, along, label, height), cursor,
    ...shapesIn(frame, series, along));
  plot.append(picture);
  for (const note of frame.y.notes) figure.append(el("p", { class: "note" }, note));
  const lost = series.flatMap(s => s.x.filter((_, i) => !Number.isFinite(s.y[i])));
  if (lost.length && along.steps) figure.append(el("p", { class: "note warn" },
    `Not finite at ${groups.format(lost.length)} of the drawn points, first at step ` +
    `${groups.format(extent(lost)[0])}.`));
  addReading(plot, keys, cursor, frame, series, along);
  return figure;
}

// The edges of the plot in pixels, and its two scales.
function frameOf(series, along, label, width, height) {
  const own = key => finite(series.flatMap(s =>
    [...(s[key] ?? []), ...(s.cloud?.[key] ?? [])]));
  const names = along.names && namesBelow(along.names, (width - 60) / along.names.length);
  const top = 8, bottom = height - (names ? names.height : 20) - (along.label ? 18 : 0);
  const y = valueScale([...own("y"), ...own("low"), ...own("high")],
    finite(series.flatMap(s => s.y)), bottom, top);
  const texts = y.ticks(4).map(shown);
  const left = Math.max(lengthOf(texts) * CHARACTER + 10 + (label ? 16 : 0),
    names ? names.left : 0);
  const right = width - 12;
  const [low, high] = extent(own("x"));
  const x = along.names
    ? scaleOf(-0.5, along.names.length - 0.5, false, left, right)
    : scaleOf(low, high === low ? low + 1 : high, along.log, left + 6, right);
  return { top, bottom, left, right, x, y, names };
}

function axesIn({ top, bottom, left, right, x, y, names }, along, label, height) {
  const text = (kind, attributes, ...said) => svg("text",
    { class: kind, "text-anchor": "middle", ...attributes }, ...said);
  const parts = y.ticks(4).flatMap(tick => [
    svg("path", { class: "grid", d: `M${left} ${y.at(tick)}H${right}` }),
    text("tick", { x: left - 8, y: y.at(tick) + 4, "text-anchor": "end" }, shown(tick)),
  ]);
  if (!y.log && y.low < 0 && y.high > 0)
    parts.push(svg("path", { class: "zero", d: `M${left} ${y.at(0)}H${right}` }));
  if (names) parts.push(...along.names.map((name, i) => names.draw(x.at(i), bottom, name)));
  else {
    const write = along.steps ? shortStep : shown;
    const ticks = along.values ?? x.ticks(Math.max(3, Math.floor((right - left) / 70)));
    parts.push(...apart(ticks, x.at, ticks.map(write)).map(tick =>
      text("tick", { x: x.at(tick), y: bottom + 16 }, write(tick))));
  }
  if (along.label) parts.push(text("axis", { x: (left + right) / 2, y: height - 3 },
    clipped(along.label, Math.floor((right - left) / CHARACTER))));
  if (label) parts.push(text("axis",
    { transform: `translate(11 ${(top + bottom) / 2}) rotate(-90)` },
    clipped(label, Math.floor((bottom - top) / CHARACTER))));
  return parts;
}

function shapesIn({ top, bottom, left, right, x, y }, series, along) {
  const id = `clip${++clips}`;
  const shapes = svg("g", { "clip-path": `url(#${id})` });
  // Places without an order have dots with bars in place of lines with bands.
  const offset = i => (along.bars ? (i - (series.length - 1) / 2) * 7 : 0);
  const path = (kind, colour, d) =>
    shapes.append(svg("path", { class: `${kind} c${colour}`, d }));
  for (const { colour, cloud } of series) if (cloud)
    path("line cloud", colour, cloud.x.map((value, j) =>
      `M${x.at(value).toFixed(1)} ${y.at(cloud.y[j]).toFixed(1)}h0`).join(""));
  series.forEach(({ colour, x: places, low, high }, i) => {
    if (!low) return;
    if (!along.bars)
      path("band", colour, bandPath(places.map(x.at), low.map(y.at), high.map(y.at)));
    else path("line", colour, places.map((value, j) => (Number.isFinite(low[j])
      ? `M${x.at(value) + offset(i)} ${y.at(low[j])}V${y.at(high[j])}` : "")).join(""));
  });
  series.forEach((s, i) => {
    const points = s.x.map((value, j) => [x.at(value) + offset(i), y.at(s.y[j])]);
    const [line, dots] = linePaths(points, points.length <= FEW_POINTS);
    if (!along.bars) path("line", s.colour, line);
    path("line dots", s.colour, dots);
  });
  const inside = svg("rect",
    { x: left - 4, y: top - 4, width: right - left + 8, height: bottom - top + 8 });
  return [svg("clipPath", { id }, inside), shapes];
}

// Point at the chart to read all series at one place.
function addReading(plot, keys, cursor, { top, bottom, x }, series, along) {
  const numbers = series.map(s => {
    const value = el("b");
    const alone = series.length === 1 && s.name === "";
    keys.append(el("span", { class: "key" },
      alone ? null : el("i", { class: `c${s.colour}` }), s.name ?? "", " ", value));
    return value;
  });
  const nearest = (values, at, of = value => value) => {
    let best = 0;
    values.forEach((value, i) => {
      if (Math.abs(of(value) - at) < Math.abs(of(values[best]) - at)) best = i;
    });
    return best;
  };
  const read = at => series.forEach((s, i) => {
    const place = at === null ? (along.steps ? s.x.length - 1 : -1)
      : along.steps ? nearest(s.x, at) : s.x.indexOf(at);
    numbers[i].textContent = place < 0 ? "" : shown(s.y[place]);
  });
  const stops = [...new Set(series.flatMap(s => s.x))];
  plot.addEventListener("pointermove", event => {
    if (!stops.length) return;
    const pointer = event.clientX - plot.getBoundingClientRect().left;
    const stop = stops[nearest(stops, pointer, x.at)];
    cursor.setAttribute("d", `M${x.at(stop)} ${top}V${bottom}`);
    read(stop);
  });
  plot.addEventListener("pointerleave", () => {
    cursor.setAttribute("d", "");
    read(null);
  });
  read(null);
}
