/** The dialog “Something goes wrong”: every fault that workspace and exchange offer, in plain words. */

import * as api from "./api.js";
import { fill, focusMark, h, restoreFocus, whileBusy } from "./dom.js";

const SOURCES = [
  { name: "workspace", title: "In the chat", list: () => api.faults(), set: (body) => api.setFault(body) },
  {
    name: "exchange",
    title: "At the exchange",
    list: () => api.exchange("faults"),
    set: (body) => api.exchange("fault", body),
  },
];

export class FaultsDialog {
  /** `onChange(anyActive)` hears whether anything is broken now. */
  constructor(onChange) {
    this.onChange = onChange;
    this.found = [];
    this.alert = h("p", { class: "dialog-alert", role: "alert", hidden: true });
    this.list = h("div", { class: "faults" });
    this.mend = h(
      "button",
      { class: "button button-primary", type: "button", onclick: () => this.mendAll() },
      "Mend everything",
    );
    this.dialog = h("dialog", { class: "dialog dialog-wide", "aria-labelledby": "faults-title" });
    fill(
      this.dialog,
      h(
        "header",
        { class: "dialog-head" },
        h("h2", { id: "faults-title", class: "dialog-title" }, "Something goes wrong"),
        h(
          "button",
          { class: "icon-button", type: "button", "aria-label": "Close", onclick: () => this.dialog.close() },
          "✕",
        ),
      ),
      h(
        "div",
        { class: "dialog-body" },
        h("p", {}, "Break something and watch what the desk does about it. It breaks for everybody here."),
        this.alert,
        this.list,
      ),
      h("footer", { class: "dialog-foot" }, this.mend),
    );
    document.body.append(this.dialog);
  }

  async show() {
    this.tell("");
    this.dialog.showModal();
    await this.load().catch((error) => this.tell(error.message));
  }

  /** Ask both what there is; one that does not answer, or is not there, is left out. */
  async load() {
    const answers = await Promise.allSettled(SOURCES.map((source) => source.list()));
    this.found = SOURCES.flatMap((source, place) =>
      answers[place].status === "fulfilled" ? [{ ...source, faults: answers[place].value.faults }] : [],
    );
    const signature = JSON.stringify(this.found);
    if (signature !== this.signature) this.draw();
    this.signature = signature;
    this.onChange(this.anyActive());
  }

  anyActive() {
    return this.found.some((source) => source.faults.some((fault) => fault.active));
  }

  draw() {
    const focus = focusMark();
    fill(
      this.list,
      this.found.map((source) => [
        h("h3", {}, source.title),
        source.faults.map((fault) => this.row(source, fault)),
      ]),
    );
    restoreFocus(this.list, focus);
    this.mend.disabled = !this.anyActive();
  }

  row(source, fault) {
    const fields = fault.fields.map((spec) => field(source.name, fault.kind, spec));
    const set = h(
      "button",
      {
        class: "button",
        type: "submit",
        "data-field": `${source.name}/${fault.kind}`,
        "aria-label": `Make it happen: ${fault.title}`,
      },
      fault.active ? "Again" : "Make it happen",
    );
    const form = h(
      "form",
      { class: fault.active ? "fault is-active" : "fault", "data-kind": fault.kind },
      h(
        "div",
        { class: "fault-words" },
        h("h4", {}, fault.title, fault.active ? h("span", { class: "tag tag-new" }, "now") : null),
        h("p", {}, fault.about),
        fields.length
          ? h(
              "details",
              { class: "fault-details" },
              h("summary", { "aria-label": `How exactly: ${fault.title}` }, "How exactly"),
              h("div", { class: "fault-fields" }, fields.map((each) => each.node)),
            )
          : null,
      ),
      set,
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const told = Object.fromEntries(fields.map(({ name, read }) => [name, read()]).filter(([, to]) => to));
      this.change(set, () => source.set({ kind: fault.kind, ...told }));
    });
    return form;
  }

  mendAll() {
    this.change(this.mend, () => Promise.all(this.found.map((source) => source.set({ kind: "none" }))));
  }

  async change(button, work) {
    this.tell("");
    try {
      await whileBusy(button, work);
      await this.load();
    } catch (error) {
      this.tell(error.message);
    }
  }

  tell(text) {
    this.alert.textContent = text;
    this.alert.hidden = !text;
  }
}

/** A field of a fault: {name, node, read()}; what is left empty is not sent. */
function field(source, kind, { name, label, default: begin, choices, called = choices }) {
  const id = `fault-${source}-${kind}-${name}`;
  const input = choices
    ? h(
        "select",
        { id, class: "field-input field-select" },
        choices.map((choice, place) =>
          h("option", { value: choice, selected: choice === String(begin) }, called[place].replaceAll("_", " ")),
        ),
      )
    : h("input", { id, class: "field-input", type: "text", autocomplete: "off", placeholder: "any" });
  if (!choices) input.value = begin ?? "";
  return {
    name,
    node: h("span", { class: "fault-field" }, h("label", { for: id }, label), input),
    read: () => input.value.trim(),
  };
}
