// The workbench: YASGUI's tabs, editor and results, and the bar with what can be done to the query.
import Yasgui from "@zazuko/yasgui";
import { completeFrom } from "./completion.js";
import { Chart } from "./chart.js";
import { Copies } from "./copies.js";
import { Failure } from "./failure.js";
import { Picture } from "./picture.js";
import { queryWith } from "./request.js";
import { localise, localPrefixes } from "./links.js";
import { element } from "./elements.js";

const STORED_ANSWER = 200_000;
const HEIGHT = "25rem";

export class Bench {
  constructor(room, settings) {
    this.settings = settings;
    this.room = room;
    this.form = room.querySelector("form");
    this.guide = fetch(settings.guide).then((answer) => (answer.ok ? answer.json() : null), () => null);
    this.place = element("div", { class: "bench" });
    this.form.after(this.place);
    this.bar = this.drawBar();
    this.copies = new Copies(document.getElementById("copies"), settings);
    this.sizes = new ResizeObserver(() => this.measure());
    this.yasgui = new Yasgui(this.place, this.configuration());
    for (const event of ["tabSelect", "tabAdd", "tabClose"]) this.yasgui.on(event, () => setTimeout(() => this.settle()));
    for (const event of ["query", "queryResponse", "queryAbort"]) this.yasgui.on(event, () => this.showState());
    this.form.hidden = true;
    document.getElementById("answered")?.toggleAttribute("hidden", !document.querySelector("#answered .failure"));
    localise(this.place, settings);
    this.takeQuery();
    this.settle();
  }

  configuration() {
    const { Yasqe, Yasr } = Yasgui;
    Yasqe.defaults.editorHeight = HEIGHT;
    queryWith(Yasqe, this.settings);
    completeFrom(Yasqe, this.guide);
    Yasr.registerPlugin("chart", Chart);
    Yasr.registerPlugin("picture", Picture);
    Yasr.registerPlugin("error", Failure);
    Yasr.defaults.pluginOrder = ["table", "chart", "picture", "response"];
    Yasr.defaults.plugins.table.dynamicConfig = { compact: true, pageSize: 50, isEllipsed: true };
    const prefixes = localPrefixes(this.settings);
    this.guide.then((guide) => Object.assign(prefixes, guide?.prefixes));
    return {
      autofocus: false,
      populateFromUrl: false,
      copyEndpointOnNewTab: false,
      persistenceId: `radiograph ${this.settings.endpoint}`,
      endpointCatalogueOptions: { getData: () => [] },
      requestConfig: { endpoint: this.settings.endpoint },
      yasqe: {
        value: this.settings.query,
        resizeable: true,
        // Tab leads on to the next control, so that nobody is caught in the editor.
        extraKeys: { Tab: false, "Shift-Tab": false },
        viewportMargin: 50,
      },
      yasr: { prefixes: () => prefixes, maxPersistentResponseSize: STORED_ANSWER },
    };
  }

  get tab() {
    return this.yasgui.getTab();
  }

  /** Show the query that the address asks for, in the tab that has it already or in a new one. */
  takeQuery() {
    const { asked, query, name, run } = this.settings;
    if (asked && this.tab.getQuery().trim() !== query.trim()) this.show(query, name);
    if (run && !document.querySelector("#answered .failure")) this.tab.query().catch(() => {});
  }

  /** Put an example before the reader. */
  async open(name) {
    const example = (await this.guide)?.examples.find((one) => one.name === name);
    if (!example) return false;
    this.show(example.query, example.title);
    this.tab.getYasqe().focus();
    return true;
  }

  show(query, name) {
    const known = Object.values(this.yasgui._tabs).find((tab) => tab.getPersistedJson().yasqe.value.trim() === query.trim());
    if (known) this.yasgui.selectTabId(known.getId());
    else this.yasgui.addTab(true, { name: this.yasgui.createTabName(name || undefined), yasqe: { value: query } });
    this.settle();
  }

  /** After a change of tabs: the bar goes to the tab that is shown, and what tells of its query follows. */
  settle() {
    const tab = this.tab;
    const yasqe = tab?.getYasqe();
    if (!yasqe) return;
    yasqe.rootEl.after(this.bar);
    yasqe.getInputField().setAttribute("aria-label", "Query");
    if (!yasqe.watched) {
      yasqe.watched = true;
      this.sizes.observe(yasqe.rootEl);
      yasqe.on("changes", () => this.copies.soon());
    }
    const head = this.yasgui.tabElements.get(tab.getId()).tabEl;
    head.parentElement.scrollLeft = head.offsetLeft - head.parentElement.offsetLeft;
    this.copies.follow(() => this.tab.getQuery());
    this.showState();
  }

  /** The examples beside the editor are as high as it. */
  measure() {
    const { bottom } = this.tab.getYasqe().rootEl.getBoundingClientRect();
    if (bottom) this.room.style.setProperty("--height", `${bottom - this.room.getBoundingClientRect().top}px`);
  }

  drawBar() {
    this.runButton = element("button", { type: "button", class: "run" }, "Run the query");
    this.runButton.addEventListener("click", () => this.toggle());
    this.shareButton = element("button", { type: "button", class: "plain" }, "Copy a link");
    this.shareButton.addEventListener("click", () => this.share());
    const tidy = element("button", { type: "button", class: "plain" }, "Tidy up");
    tidy.addEventListener("click", () => {
      const yasqe = this.tab.getYasqe();
      yasqe.execCommand("selectAll");
      yasqe.autoformat();
      yasqe.setCursor(0, 0);
    });
    this.said = element("output", { class: "said" });
    const keys = element("p", { class: "keys fine" });
    keys.append(key("Ctrl"), " + ", key("Enter"), " runs, ", key("Ctrl"), " + ", key("Space"), " completes");
    const bar = element("div", { class: "does" });
    bar.append(this.runButton, this.shareButton, tidy, this.said, keys);
    return bar;
  }

  toggle() {
    const yasqe = this.tab.getYasqe();
    if (yasqe.req) yasqe.abortQuery();
    else this.tab.query().catch(() => {});
  }

  showState() {
    const busy = Boolean(this.tab?.getYasqe()?.req);
    this.runButton.textContent = busy ? "Stop" : "Run the query";
    this.runButton.classList.toggle("busy", busy);
    this.place.setAttribute("aria-busy", String(busy));
    if (busy) {
      const answered = document.getElementById("answered");
      if (answered) answered.hidden = true;
    }
  }

  /** A link that shows this query, by the example's name where it is one. */
  async link() {
    const query = this.tab.getQuery();
    const example = (await this.guide)?.examples.find((one) => one.query.trim() === query.trim());
    const asked = new URLSearchParams(example ? { example: example.name } : { query });
    for (const [name, value] of this.settings.graphs) asked.append(name, value);
    return `${this.settings.endpoint}?${asked}`;
  }

  async share() {
    const link = await this.link();
    history.replaceState(null, "", link);
    try {
      await navigator.clipboard.writeText(link);
      this.say("Copied. It shows the query without running it.");
    } catch {
      this.say("It is in the address bar: copy it from there.");
    }
  }

  say(text) {
    this.said.textContent = text;
    clearTimeout(this.silence);
    this.silence = setTimeout(() => (this.said.textContent = ""), 6000);
  }
}

function key(name) {
  return element("kbd", {}, name);
}
