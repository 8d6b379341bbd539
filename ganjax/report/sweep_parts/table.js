// The table of settings or of trials: sorted, filtered, and drawn in pages.
const ROWS = 100;
const MOST_OPTIONS = 30; // numbers with more values are filtered by a range

const table = byId("table");
let view = "settings";
let page = 0;
// The best setting comes first, by the first score that has a better direction.
const leading = scores.findIndex(score => score.direction);
const sorting = {
  settings: leading < 0 ? null
    : { key: `score ${leading}`, down: scores[leading].direction > 0 },
  trials: null,
};

// A column has `key`, which is stable; `of(row)`, a number or a text to sort by; and
// `fill(cell, row)`. `first` is true if a first click sorts downward.
function columnOfField(field, codeOfRow) {
  return {
    key: `field ${field.name}`, title: field.name, text: !field.numeric,
    of: row => field.rank[codeOfRow(field, row)],
    fill: (cell, row) => cell.append(said(field, codeOfRow(field, row))),
  };
}

const columns = {
  settings: [
    ...(telling.length ? telling.map(f => columnOfField(f, codeOf)) : [{
      key: "setting", title: "setting", text: true, of: row => row,
      fill: cell => cell.append(data.name),
    }]),
    ...scores.map((score, i) => ({
      key: `score ${i}`, title: score.title, floor: score.floor,
      first: score.direction > 0,
      of: row => score.mean[row],
      fill: (cell, row) => fillEstimate(cell, score, row),
    })),
    {
      key: "finished", title: "finished", first: true, of: row => finished[row],
      fill: (cell, row) => cell.append(countsOf(row)),
    },
  ],
  trials: [
    {
      key: "trial", title: "trial", text: true, of: row => data.ids[row],
      fill: (cell, row) => cell.append(linkTo(row)),
    },
    ...[...telling, ...seedFields].map(f =>
      columnOfField(f, (field, row) => field.of[row])),
    {
      key: "state", title: "state", text: true, of: stateOf,
      fill: (cell, row) => cell.append(
        el("span", { class: `state ${stateOf(row)}` }, stateOf(row))),
    },
    ...scores.map((score, i) => ({
      key: `score ${i}`, title: score.title, floor: score.floor,
      first: score.direction > 0,
      of: row => score.of[row],
      fill: (cell, row) => cell.append(
        score.values[row] === null ? "–" : shown(score.of[row])),
    })),
    ...(data.reasons.values.some(Boolean) ? [{
      key: "reason", title: "reason", text: true, wide: true, of: reasonOf,
      fill: (cell, row) => cell.append(reasonOf(row)),
    }] : []),
  ],
};

const linkTo = trial =>
  el("a", { class: "mono", href: `#trial=${encodeURIComponent(data.ids[trial])}` },
    data.ids[trial]);

function fillEstimate(cell, score, row) {
  const mean = score.mean[row], n = score.n[row];
  if (Number.isNaN(n)) { cell.append("–"); return; }
  const bold = score.best === row;
  cell.append(bold ? el("b", {}, shown(mean)) : shown(mean));
  const parts = [];
  if (Number.isFinite(score.low[row]))
    parts.push(`[${shown(score.low[row])}, ${shown(score.high[row])}]`);
  if (n === 1 || n !== finished[row]) parts.push(`n = ${n}`);
  cell.append(el("small", {}, parts.join(" ")));
  cell.title = `n = ${n}`;
}

// Missing values are last in both directions.
const missing = key => key === "" || Number.isNaN(key);
function sorted(rows, column, down) {
  const keys = new Map(rows.map(row => [row, column.of(row)]));
  const sign = down ? -1 : 1;
  return [...rows].sort((a, b) => {
    const x = keys.get(a), y = keys.get(b);
    if (missing(x) || missing(y)) return missing(x) - missing(y) || a - b;
    return (x < y ? -sign : x > y ? sign : 0) || a - b;
  });
}

const orders = { settings: null, trials: null };
function rowsOf(which) {
  if (!orders[which]) {
    const by = sorting[which];
    const column = by && columns[which].find(c => c.key === by.key);
    orders[which] = column ? sorted(kept[which], column, by.down) : kept[which];
  }
  return orders[which];
}

function drawHead() {
  const by = sorting[view];
  const cells = columns[view].map(column => {
    const own = by?.key === column.key;
    return el("th",
      {
        scope: "col", class: column.text ? "text" : null,
        "aria-sort": own ? (by.down ? "descending" : "ascending") : null,
      },
      el("button", { type: "button", class: "sort", onclick: () => sortBy(column) },
        ...breakable(column.title),
        el("i", { "aria-hidden": "true" }, own ? (by.down ? "\u00a0↓" : "\u00a0↑") : "")),
      typeof column.floor === "number"
        ? el("small", {}, `floor ${shown(column.floor)}`) : null);
  });
  table.tHead.replaceChildren(el("tr", {}, cells));
}

function drawRows() {
  const rows = rowsOf(view);
  const own = columns[view];
  const body = document.createDocumentFragment();
  for (const row of rows.slice(page * ROWS, (page + 1) * ROWS)) {
    const trial = view === "trials" ? row : firstOf(row);
    const line = el("tr", { "data-trial": trial });
    own.forEach((column, i) => {
      const kind = column.wide ? "text wide" : column.text ? "text" : null;
      const cell = el(i ? "td" : "th", { scope: i ? null : "row", class: kind });
      column.fill(cell, row);
      line.append(cell);
    });
    if (view === "settings") {
      // The first cell is a link, so that the keyboard reaches the row.
      const cell = line.firstChild;
      const link = el("a", { class: "plain", href: linkTo(trial).getAttribute("href") });
      link.append(...cell.childNodes);
      cell.append(link);
    }
    body.append(line);
  }
  table.tBodies[0].replaceChildren(body);
  if (!rows.length)
    table.tBodies[0].append(el("tr", {},
      el("td", { class: "text", colspan: own.length }, "No row matches the filter.")));
  pager(byId("pages"), rows.length, ROWS, page, to => {
    page = to;
    drawRows();
    table.parentElement.scrollTop = 0;
  });
  byId("count").textContent =
    `${groups.format(kept.settings.length)} of ${groups.format(settings.length)} ` +
    `settings, ${groups.format(kept.trials.length)} of ` +
    `${groups.format(trials.length)} trials`;
}

// The trial that a click on a setting opens: the first finished one.
const firstOf = setting =>
  members[setting].find(trial => stateOf(trial) === "finished") ?? members[setting][0];

function sortBy(column) {
  timed("sort", () => {
    const by = sorting[view];
    const first = Boolean(column.first);
    if (by?.key !== column.key) sorting[view] = { key: column.key, down: first };
    else if (by.down === first) sorting[view] = { key: column.key, down: !first };
    else sorting[view] = null; // the third click restores the order of the sweep
    orders[view] = null;
    page = 0;
    drawHead();
    drawRows();
  });
  if (view === "settings") orderChanged();
}

function filterChanged() {
  timed("filter", () => {
    applyFilter();
    orders.settings = orders.trials = null;
    page = 0;
    drawRows();
  });
  keptChanged();
}

function drawView() {
  const tab = (which, text) => el("button",
    { type: "button", class: "tab", "aria-pressed": String(view === which),
      onclick: () => { view = which; page = 0; drawView(); drawHead(); drawRows(); } },
    text);
  const find = el("input", {
    type: "search", class: "find", id: "find", "aria-label": "filter by text",
    placeholder: "Filter by text: hinge seed=0 failed|running",
    oninput: () => {
      filter.words = find.value.toLowerCase().split(/\s+/).filter(Boolean)
        .map(word => word.split("|").filter(Boolean).map(needle))
        .filter(any => any.length);
      filterChanged();
    },
  });
  find.value = byId("find")?.value ?? "";
  byId("view").replaceChildren(
    el("span", { class: "tabs" }, tab("settings", "Settings"), tab("trials", "Trials")),
    find, el("span", { id: "count", class: "soft" }));
}

function drawFilters() {
  const controls = telling.map(filterOf);
  if (followers.length)
    controls.push(el("details", { class: "more" },
      el("summary", {}, "fields that follow"),
      el("div", { class: "bar" }, followers.map(filterOf))));
  byId("filters").replaceChildren(...controls);
}

function filterOf(field) {
  if (field.numeric && field.values.length > MOST_OPTIONS) return rangeOf(field);
  const options = field.order.map(code => [code, said(field, code)]);
  return choice(field.name, [["", "all"], ...options], "", value => {
    if (value === "") filter.values.delete(field);
    else filter.values.set(field, Number(value));
    filterChanged();
  });
}

function rangeOf(field) {
  const ends = ["from", "to"].map(name => el("input", {
    type: "text", inputmode: "decimal", size: 7, placeholder: name,
    "aria-label": `${field.name} ${name}`,
    oninput: () => {
      const [low, high] = ends.map(input => input.value.trim());
      const range = [low === "" ? -Infinity : Number(low),
        high === "" ? Infinity : Number(high)];
      ends.forEach((input, i) =>
        input.setAttribute("aria-invalid", String(Number.isNaN(range[i]))));
      if (range.some(Number.isNaN)) return;
      if (low === "" && high === "") filter.ranges.delete(field);
      else filter.ranges.set(field, range);
      filterChanged();
    },
  }));
  return el("span", { class: "choice" }, el("span", {}, ...breakable(field.name)), ...ends);
}
