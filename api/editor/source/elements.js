// Making elements without markup in strings, so that no text from data is ever read as markup.

export function element(name, attributes = {}, text = null) {
  return dress(document.createElement(name), attributes, text);
}

export function drawn(name, attributes = {}, text = null) {
  return dress(document.createElementNS("http://www.w3.org/2000/svg", name), attributes, text);
}

function dress(made, attributes, text) {
  for (const [key, value] of Object.entries(attributes)) if (value !== null) made.setAttribute(key, value);
  if (text !== null) made.textContent = text;
  return made;
}

/** An icon of 24 by 24 made of paths. */
export function icon(...paths) {
  const svg = drawn("svg", { viewBox: "0 0 24 24", "aria-hidden": "true" });
  for (const d of paths) svg.append(drawn("path", { d }));
  const holder = element("div", { class: "svgImg" });
  holder.append(svg);
  return holder;
}

/** A labelled choice; `choose` is called with the value. */
export function choice(label, options, chosen, choose) {
  const field = element("select", { "aria-label": label });
  for (const [value, text] of options) {
    const option = element("option", { value }, text);
    option.selected = String(value) === String(chosen);
    field.append(option);
  }
  field.addEventListener("change", () => choose(field.value));
  const held = element("label", {}, `${label} `);
  held.append(field);
  return held;
}

/** Text short enough for a drawing. */
export function shortened(text, most) {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}
