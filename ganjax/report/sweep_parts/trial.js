// The drawer with one trial, the samples of the settings, and the failed trials.
const PICTURES = 24;
const FAILED_ROWS = 25;

let embeddedPictures = null;
function pictureOf(setting) {
  const about = data.pictures[setting];
  if (!about) return null;
  embeddedPictures ??= parsed("pictures");
  const inside = embeddedPictures[setting];
  return { ...about, source: inside ? `data:image/png;base64,${inside}` : about.file };
}
const image = ({ source, crisp }, words, more = {}) =>
  el("img", { src: source, alt: words, class: crisp ? "crisp" : null, ...more });

let pictureCount = PICTURES;
function drawSamples() {
  const rows = rowsOf("settings").filter(row => data.pictures[row]);
  byId("pictures_of_settings").replaceChildren(...rows.slice(0, pictureCount).map(row => {
    const picture = pictureOf(row);
    const seeds = seedFields.filter(f => f.name === "seed")
      .map(f => f.values[f.of[picture.trial]]).filter(Boolean);
    const about = [shortName(row), ...seeds.map(seed => `seed ${seed}`),
      `step ${groups.format(picture.step)}`].join(", ");
    return el("figure", {},
      el("a", { href: linkTo(picture.trial).getAttribute("href") },
        image(picture, `samples of ${nameOf(row)}`, { loading: "lazy" })),
      el("figcaption", {}, about));
  }));
  const left = rows.length - pictureCount;
  byId("more").replaceChildren(...(left > 0 ? [el("button", {
    type: "button",
    onclick: () => { pictureCount += PICTURES; drawSamples(); },
  }, `Show ${Math.min(left, PICTURES)} more of ${groups.format(rows.length)}`)] : []));
}

let failedPage = 0;
function drawFailed() {
  const rows = trials.filter(trial => stateOf(trial) === "failed");
  byId("failed").hidden = !rows.length;
  const start = failedPage * FAILED_ROWS;
  byId("failed").querySelector("tbody").replaceChildren(
    ...rows.slice(start, start + FAILED_ROWS).map(trial =>
      el("tr", { "data-trial": trial },
        el("th", { scope: "row" }, ...breakable(pointText(trial))),
        el("td", { class: "text wide" }, reasonOf(trial)),
        el("td", {}, linkTo(trial)))));
  pager(byId("failed_pages"), rows.length, FAILED_ROWS, failedPage, to => {
    failedPage = to;
    drawFailed();
  });
}
const pointText = trial =>
  pointOf(trial).map(([name, value]) => `${name}=${value}`).join(", ");

const drawer = byId("trial");
let opener = null;

function closeTrial() {
  drawer.hidden = true;
  history.replaceState(null, "", location.pathname + location.search);
  opener?.focus?.();
  opener = null;
}

function openTrial() {
  const id = location.hash.startsWith("#trial=")
    ? decodeURIComponent(location.hash.slice("#trial=".length)) : null;
  const trial = trialOf.get(id);
  drawer.hidden = trial === undefined;
  if (trial === undefined) return;
  opener ??= document.activeElement;
  drawer.replaceChildren(...partsOf(trial));
  drawer.scrollTop = 0;
  drawer.focus({ preventScroll: true });
  drawTrialCurves(trial);
}

function partsOf(trial) {
  const setting = data.setting[trial];
  const place = `trials/${data.ids[trial]}`;
  const pairs = rows => el("dl", { class: "tree box mono" }, rows.map(([name, value]) =>
    el("div", { class: "row" }, el("dt", {}, ...breakable(name)), el("dd", {}, value))));
  const own = scores.filter(score => score.values[trial] !== null);
  const parts = [
    el("div", { class: "title" },
      el("h2", { class: "mono" }, data.ids[trial]),
      el("span", { class: `state ${stateOf(trial)}` }, stateOf(trial)),
      el("button", { type: "button", class: "close", "aria-label": "close",
        onclick: closeTrial }, "Close")),
  ];
  if (reasonOf(trial)) parts.push(el("p", { class: "notes" }, reasonOf(trial)));
  parts.push(pairs(pointOf(trial)));
  if (own.length) parts.push(el("h3", {}, "Scores"), pairs(own.map(score =>
    [score.title, [el("b", {}, shown(score.of[trial])),
      el("small", {}, [
        members[setting].length > 1 ? ` mean ${shown(score.mean[setting])}` : "",
        score.floor === null ? "" : ` floor ${shown(score.floor)}`,
      ].filter(Boolean).join(","))]])));
  const picture = pictureIn(trial);
  if (picture) parts.push(el("h3", {}, `Samples, step ${groups.format(picture.step)}`),
    image(picture, `samples of trial ${data.ids[trial]}`,
      { onerror: event => event.target.replaceWith(el("p", { class: "note" },
        `The picture ${picture.source} is not next to this page.`)) }));
  parts.push(
    el("h3", {}, "Curves"), el("div", { class: "panels", id: "trial_curves" }));
  if (members[setting].length > 1) parts.push(
    el("h3", {}, `All trials of ${nameOf(setting)}`),
    el("ul", { class: "siblings" }, members[setting].map(other => el("li", {},
      other === trial ? el("b", { class: "mono" }, data.ids[other]) : linkTo(other),
      ` ${[...seedFields.map(f => `${f.name}=${f.values[f.of[other]]}`),
        stateOf(other)].join(", ")}`))));
  parts.push(
    el("h3", {}, "The trial's run"),
    el("p", { class: "say" }, "Its folder is ", el("code", {}, place), " in the folder ",
      "of the sweep. If the folder is missing, a command that opens it makes it:"),
    el("pre", { class: "box" }, `ganjax report ${shellWord(`${data.name}/${place}`)}`),
    el("p", { class: "say" }, el("code", {}, "ganjax sweep --unpack"),
      " makes the folders of all trials."));
  return parts;
}

// A word of a command line, in the quotes of a shell if it needs them.
function shellWord(text) {
  if (/^[\w@%+=:,.\/-]+$/.test(text)) return text;
  return `'${text.replaceAll("'", `'"'"'`)}'`;
}

// The picture inside the page, or the file that the trial wrote.
function pictureIn(trial) {
  const embedded = pictureOf(data.setting[trial]);
  if (embedded?.trial === trial) return embedded;
  const step = data.pictured[trial];
  if (step === null) return null;
  const name = `step_${String(step).padStart(8, "0")}.png`;
  return { step, crisp: false, source: `trials/${data.ids[trial]}/samples/${name}` };
}

async function drawTrialCurves(trial) {
  const host = byId("trial_curves");
  let curves;
  try {
    curves = curvesIn(await storeOf(data.setting[trial]), trial);
  } catch (error) {
    host.replaceChildren(el("p", { class: "note warn" }, error.message));
    return;
  }
  if (!host.isConnected) return;
  for (const [name, { steps, values }] of curves)
    chart(host, { title: titleOfCurve(name), height: 150, along: { steps: true },
      series: [{ colour: 0, x: steps, y: values }] });
  if (!curves.size)
    host.append(el("p", { class: "note" }, "This trial has no curves yet."));
}
