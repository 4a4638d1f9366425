// The SPARQL page with scripts: the form gives way to the editor. Whatever fails here, the form stays and works.
import "./editor.css";
import { Bench } from "./bench.js";
import { searchable } from "./examples.js";

const room = document.getElementById("ask");

/** What the page says of itself, in the attributes of the form's room. */
function settings() {
  const form = room.querySelector("form");
  const resolve = (address) => new URL(address, document.baseURI).href;
  return {
    endpoint: resolve(form.action),
    guide: resolve(room.dataset.guide),
    copies: resolve(room.dataset.copies),
    local: JSON.parse(room.dataset.local).map(([namespace, address, path]) => [namespace, resolve(address), path]),
    graphs: [...form.querySelectorAll("input[type=hidden]")].map((field) => [field.name, field.value]),
    query: form.elements.query.value,
    name: room.dataset.name,
    asked: "asked" in room.dataset,
    run: "run" in room.dataset,
  };
}

if (room) {
  const bench = new Bench(room, settings());
  searchable(room.querySelector(".examples"), (name) => bench.open(name));
  room.classList.add("ready");
}
