// Elements of the page. All names and values enter the page as text, never as markup.
const byId = id => document.getElementById(id);

function append(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value !== null) node.setAttribute(name, value);
  }
  for (const child of children.flat())
    if (child !== null && child !== undefined) node.append(child);
  return node;
}
const el = (tag, attributes = {}, ...children) =>
  append(document.createElement(tag), attributes, children);
const svg = (tag, attributes = {}, ...children) =>
  append(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes,
    children);

// The name of a field may break after its dots.
function breakable(text) {
  return text.split(/(?<=[.=/,])/).flatMap((part, i) =>
    i ? [el("wbr"), part] : [part]);
}

// A labelled choice. `choices` are pairs of a value and its text.
function choice(label, choices, chosen, changed) {
  const select = el("select", { onchange: () => changed(select.value) },
    choices.map(([value, text]) =>
      el("option", { value, selected: String(value) === String(chosen) }, text)));
  return el("label", { class: "choice" }, el("span", {}, ...breakable(label)), select);
}

const fieldChoices = list => list.map(field => [fields.indexOf(field), field.name]);

// Buttons to move through pages of rows. Nothing is shown for a single page.
function pager(host, count, size, page, moved) {
  const pages = Math.max(1, Math.ceil(count / size));
  host.replaceChildren();
  if (pages < 2) return;
  const first = page * size + 1, last = Math.min(count, first + size - 1);
  const button = (text, to, label) => el("button",
    { type: "button", disabled: to < 0 || to >= pages, onclick: () => moved(to),
      "aria-label": label }, text);
  host.append(
    button("‹", page - 1, "the rows before"),
    el("span", {}, `${groups.format(first)}–${groups.format(last)} of ` +
      groups.format(count)),
    button("›", page + 1, "the next rows"),
  );
}

// Draw a section when it comes near the window, and again when its data change.
const lazily = new Map();
const near = new IntersectionObserver(entries => {
  for (const { target, isIntersecting } of entries) {
    const section = lazily.get(target);
    section.near = isIntersecting;
    if (isIntersecting && section.stale) { section.stale = false; section.draw(); }
  }
}, { rootMargin: "600px" });

function lazy(target, draw) {
  lazily.set(target, { draw, near: false, stale: true });
  near.observe(target);
}
function redraw(target) {
  const section = lazily.get(target);
  if (!section) return;
  section.stale = !section.near;
  if (section.near) section.draw();
}
