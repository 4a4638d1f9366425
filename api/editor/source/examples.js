// The examples: found by words, opened in the editor.
import { element } from "./elements.js";

export function searchable(section, open) {
  if (!section) return;
  const groups = [...section.querySelectorAll("details")].map((group) => ({
    group,
    lines: [...group.querySelectorAll("li")].map((line) => [line, plain(`${line.textContent} ${line.dataset.words}`)]),
  }));
  const field = element("input", { type: "search", "aria-label": "Search the examples", placeholder: "Search the examples" });
  // Where they stand above the editor, they take little room until they are wanted.
  if (matchMedia("(max-width: 63.99rem)").matches) for (const { group } of groups) group.open = false;
  const none = element("p", { class: "muted fine", hidden: "" }, "No example has these words.");
  field.addEventListener("input", () => {
    const words = plain(field.value).split(/\s+/).filter(Boolean);
    let found = 0;
    for (const { group, lines } of groups) {
      let shown = 0;
      for (const [line, text] of lines) {
        line.hidden = !words.every((word) => text.includes(word));
        shown += line.hidden ? 0 : 1;
      }
      group.hidden = shown === 0;
      if (words.length) group.open = true;
      found += shown;
    }
    none.hidden = found > 0;
  });
  section.querySelector("h2").after(field, none);
  section.addEventListener("click", async (event) => {
    const link = event.target.closest("a[data-example]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    if (!(await open(link.dataset.example))) location.assign(link.href);
  });
}

function plain(text) {
  return text.toLowerCase().normalize("NFKD").replace(/\p{M}/gu, "");
}
