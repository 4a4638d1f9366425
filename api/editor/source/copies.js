// "Ask from a program": the query as the service writes it for other languages, kept in step with the editor.
import { element } from "./elements.js";

const PAUSE = 500;

export class Copies {
  constructor(place, settings) {
    this.place = place;
    this.settings = settings;
    this.written = settings.query;
    // The event does not bubble, so it is caught on its way down.
    place.addEventListener("toggle", () => this.update(), true);
    place.querySelectorAll(".copy").forEach(withButton);
  }

  /** From now on the query is what `read` gives. */
  follow(read) {
    this.read = read;
    this.soon();
  }

  soon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.update(), PAUSE);
  }

  /** Ask for the programs again, if one is being looked at and the query is another by now. */
  async update() {
    const query = this.read?.();
    const looked = this.place.querySelector(".copy[open]") || !this.place.querySelector(".copy");
    if (!looked || query === undefined || query === this.written) return;
    this.written = query;
    const body = new URLSearchParams([["query", query], ...this.settings.graphs]);
    const answer = await fetch(this.settings.copies, { method: "POST", body }).catch(() => null);
    const told = await answer?.json().catch(() => null);
    if (query !== this.written) return;
    const open = this.place.querySelector(".copy[open]")?.dataset.name;
    this.place.replaceChildren();
    if (told?.copies) this.place.append(...told.copies.map((copy) => draw(copy, copy.name === open)));
    else this.place.append(element("p", { class: "muted" }, told?.title ?? "The service cannot be reached."));
  }
}

function draw({ name, title, code }, open) {
  const copy = element("details", { class: "copy", name: "copy", "data-name": name, "data-title": title });
  copy.open = open;
  copy.append(element("summary", {}, `Copy as ${title}`), element("pre", { tabindex: "0" }, code));
  withButton(copy);
  return copy;
}

function withButton(copy) {
  const button = element("button", { type: "button", class: "plain", "aria-label": `Copy ${copy.dataset.title}` }, "Copy");
  button.addEventListener("click", async () => {
    const code = copy.querySelector("pre");
    try {
      await navigator.clipboard.writeText(code.textContent);
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(code);
      button.textContent = "Selected";
    }
    setTimeout(() => (button.textContent = "Copy"), 3000);
  });
  copy.append(button);
}
