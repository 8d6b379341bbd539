// Parallel coordinates: a line for each setting through its values and its score.
const TALL = 260;
const NARROWEST = 104; // pixels between two axes
const REACH = 14; // pixels from the pointer to a line

function hexOf(name) {
  const text = getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const digits = text.length === 4
    ? [...text.slice(1)].map(d => d + d).join("") : text.slice(1);
  return [0, 2, 4].map(i => parseInt(digits.slice(i, i + 2), 16));
}
const mixed = (from, to, part) =>
  `rgb(${from.map((v, i) => Math.round(v + part * (to[i] - v))).join(" ")})`;

function drawParallel(host, score) {
  const rows = kept.settings.filter(row => Number.isFinite(score.mean[row]));
  if (!rows.length) return;
  const figure = el("figure", { class: "panel across" },
    el("figcaption", {}, el("h3", {}, `Over all axes: ${score.title}`)));
  const box = el("div", { class: "table" });
  figure.append(box);
  host.append(figure);
  const shownAxes = telling.length > 1 ? telling : axes;
  const count = shownAxes.length + 1;
  const width = Math.max(box.clientWidth, NARROWEST * count);
  const slot = width / count;
  const middle = i => slot * (i + 0.5);
  const top = 12, bottom = TALL - 12;

  // An axis is a function from a setting to a height, with labelled ticks.
  const lines = shownAxes.map(field => axisOfField(field, rows, bottom, top));
  const means = rows.map(row => score.mean[row]);
  const [low, high] = extent(means);
  const scale = scaleOf(low, high === low ? low + 1 : high, isWide(means, 1000),
    bottom, top);
  const ticks = scale.ticks(5);
  lines.push({ at: row => scale.at(score.mean[row]),
    ticks: ticks.map(tick => [scale.at(tick), shown(tick)]) });

  const stage = el("div", { class: "parallel", style: `width:${width}px` });
  const heads = el("div", { class: "heads" }, [...shownAxes.map(f => f.name), score.title]
    .map(name =>
      el("span", { title: name, style: `width:${slot}px` }, ...breakable(name))));
  const layers = [0, 1].map(() => el("canvas", { height: TALL }));
  stage.append(heads, el("div", { class: "layers", style: `height:${TALL}px` }, layers));
  box.append(stage);
  const say = el("p", { class: "note" }, "Point at a line to read it. Click to open it.");
  figure.append(say);

  const ratio = window.devicePixelRatio || 1;
  const [base, above] = layers.map(canvas => {
    canvas.width = width * ratio;
    canvas.height = TALL * ratio;
    const pen = canvas.getContext("2d");
    pen.scale(ratio, ratio);
    return pen;
  });
  const heights = rows.map(row => lines.map(line => line.at(row)));
  const draw = (pen, own) => {
    pen.beginPath();
    own.forEach((y, i) => (i ? pen.lineTo(middle(i), y) : pen.moveTo(middle(i), y)));
    pen.stroke();
  };
  // Better settings are drawn later and in a stronger colour, by their rank.
  const [ground, accent, soft, ink, panel] =
    ["--zero", "--accent", "--soft", "--ink", "--panel"].map(hexOf);
  const sign = score.direction || 1;
  const order = rows.map((_, i) => i)
    .sort((a, b) => sign * (score.mean[rows[a]] - score.mean[rows[b]]));
  base.lineWidth = 1.2;
  base.globalAlpha = Math.max(0.25, Math.min(0.85, 8 / Math.sqrt(rows.length)));
  order.forEach((i, rank) => {
    base.strokeStyle = mixed(ground, accent, (rank / (rows.length - 1 || 1)) ** 2);
    draw(base, heights[i]);
  });
  base.globalAlpha = 1;
  base.font = `11.5px ${getComputedStyle(document.body).fontFamily}`;
  base.textBaseline = "middle";
  lines.forEach((line, i) => {
    base.strokeStyle = mixed(ground, ground, 0);
    base.lineWidth = 1;
    base.beginPath();
    base.moveTo(middle(i), top - 4);
    base.lineTo(middle(i), bottom + 4);
    base.stroke();
    for (const [y, name] of line.ticks) {
      const text = clipped(name, Math.floor((slot - 12) / CHARACTER));
      const size = base.measureText(text).width;
      base.fillStyle = mixed(panel, panel, 0);
      base.globalAlpha = 0.8;
      base.fillRect(middle(i) + 4, y - 7, size + 4, 14);
      base.globalAlpha = 1;
      base.fillStyle = mixed(soft, soft, 0);
      base.fillText(text, middle(i) + 6, y);
    }
  });

  const nearest = event => {
    const place = layers[1].getBoundingClientRect();
    const x = event.clientX - place.left, y = event.clientY - place.top;
    const i = Math.max(0, Math.min(count - 2, Math.floor((x - slot / 2) / slot)));
    const part = Math.max(0, Math.min(1, (x - middle(i)) / slot));
    let best = -1, gap = REACH;
    heights.forEach((own, row) => {
      const off = Math.abs(own[i] + part * (own[i + 1] - own[i]) - y);
      if (off < gap) { gap = off; best = row; }
    });
    return best;
  };
  stage.addEventListener("pointermove", event => {
    const best = nearest(event);
    above.clearRect(0, 0, width, TALL);
    if (best < 0) return;
    above.strokeStyle = mixed(ink, ink, 0);
    above.lineWidth = 2.4;
    draw(above, heights[best]);
    say.textContent = `${nameOf(rows[best])}: ${shown(score.mean[rows[best]])}`;
  });
  stage.addEventListener("pointerleave", () => above.clearRect(0, 0, width, TALL));
  stage.addEventListener("click", event => {
    const best = nearest(event);
    if (best >= 0) location.hash = linkTo(firstOf(rows[best])).getAttribute("href");
  });
}

// Settings with the same name of a value are spread, so that their lines are apart.
function axisOfField(field, rows, bottom, top) {
  const places = placesOf(field, rows);
  if (places.numbers) {
    const values = places.grouped
      ? rows.map(row => field.numbers[codeOf(field, row)]) : places.numbers;
    const [low, high] = extent(values);
    const scale = scaleOf(low, high === low ? low + 1 : high, places.log, bottom, top);
    const ticks = places.grouped ? scale.ticks(5) : places.numbers;
    let last = Infinity;
    return {
      at: row => scale.at(field.numbers[codeOf(field, row)]),
      ticks: ticks.map((tick, i) =>
        [scale.at(tick), places.grouped ? shown(tick) : places.names[i]])
        .filter(([y]) => last - y >= 15 && ((last = y), true)),
    };
  }
  const count = places.names.length;
  const slot = (bottom - top) / count;
  const centre = i => top + (i + 0.5) * slot;
  const spread = Math.min(16, slot * 0.5) / Math.max(1, rows.length - 1);
  const order = new Map(rows.map((row, i) => [row, i]));
  return {
    at: row => centre(places.of(row)) + (order.get(row) - (rows.length - 1) / 2) * spread,
    ticks: slot < 12 ? [] : places.names.map((name, i) => [centre(i), name]),
  };
}
