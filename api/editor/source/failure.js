// No answer: why, and what helps. In place of YASR's own page for errors, which guesses at reasons.
import { element } from "./elements.js";

export class Failure {
  constructor(yasr) {
    this.yasr = yasr;
    this.priority = 20;
    this.hideFromSelection = true;
  }

  canHandleResults() {
    return Boolean(this.yasr.results?.hasError());
  }

  draw() {
    const error = this.yasr.results.error ?? { message: this.yasr.results.getError()?.text };
    const shown = element("div", { class: "failure", role: "alert" });
    shown.append(element("h2", {}, "No answer"), element("pre", {}, error.message || "There is no answer."));
    if (error.remedy) shown.append(element("p", {}, `What helps: ${error.remedy.replace(/\.$/, "")}.`));
    if (error.status) shown.append(element("p", { class: "fine" }, `Status ${error.status}`));
    this.yasr.resultsEl.append(shown);
  }
}
