/** The stack of modals this person has open; each is a dialog, the newest on top. */

import * as api from "./api.js";
import { renderBlocks } from "./blocks.js";
import { fill, focusMark, h, restoreFocus, whileBusy } from "./dom.js";
import { entered, valuesOf } from "./inputs.js";
import { plain } from "./mrkdwn.js";

export class Modals {
  constructor(store) {
    this.store = store;
    this.open = new Map();
  }

  /** Make the open dialogs match the views the workspace says are open. */
  draw() {
    const views = this.store.modals;
    for (const [id, modal] of this.open) {
      if (views.some((view) => view.id === id)) continue;
      modal.remove();
      this.open.delete(id);
    }
    for (const view of views) {
      if (!this.open.has(view.id)) this.open.set(view.id, new Modal(this.store, (id) => this.close(id)));
      this.open.get(view.id).draw(view);
    }
  }

  /** Show a notice in the newest modal; false when none is open. */
  notice(text) {
    const top = [...this.open.values()].at(-1);
    top?.alert(text);
    return Boolean(top);
  }

  close(id) {
    api.close(this.store.me, id).catch(() => undefined);
    this.store.closeView(id);
    this.draw();
  }
}

class Modal {
  constructor(store, onClose) {
    this.store = store;
    this.onClose = onClose;
    this.fields = new Map();
    this.dialog = h("dialog", { class: "dialog dialog-view" });
    this.dialog.addEventListener("cancel", (event) => {
      event.preventDefault();
      if (event.target === this.dialog) this.onClose(this.view.id);
    });
  }

  draw(view) {
    const signature = JSON.stringify(view);
    if (signature === this.signature) return;
    this.signature = signature;
    const focus = focusMark();
    this.view = view;
    this.kept = new Map([...entered(view), ...this.typed()]);
    this.fields = new Map();
    this.dialog.dataset.view = view.id;
    fill(this.dialog, this.form(view));
    if (!this.dialog.isConnected) {
      document.body.append(this.dialog);
      this.dialog.showModal();
      this.firstField()?.focus();
    }
    restoreFocus(this.dialog, focus);
    if (!this.dialog.querySelector(":focus")) this.firstField()?.focus();
    this.showErrors(view.errors ?? {});
  }

  form(view) {
    const title = `title-${view.id}`;
    this.dialog.setAttribute("aria-labelledby", title);
    this.submitButton = view.submit
      ? h("button", { class: "button button-primary", type: "submit" }, plain(asText(view.submit)))
      : null;
    const close = () => this.onClose(view.id);
    const form = h(
      "form",
      { novalidate: true },
      h(
        "header",
        { class: "dialog-head" },
        h("h2", { id: title, class: "dialog-title" }, plain(asText(view.title))),
        h("button", { class: "icon-button", type: "button", "aria-label": "Close", onclick: close }, "✕"),
      ),
      h(
        "div",
        { class: "dialog-body" },
        h("p", { class: "dialog-alert", role: "alert", hidden: true }),
        renderBlocks(view.blocks, this.context()),
      ),
      h(
        "footer",
        { class: "dialog-foot" },
        h(
          "button",
          { class: "button", type: "button", onclick: close },
          plain(asText(view.close)) || (view.submit ? "Cancel" : "Close"),
        ),
        this.submitButton,
      ),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (this.submitButton) this.submit();
    });
    return form;
  }

  context() {
    const act = async (blockId, actionId, value) => {
      try {
        await api.actInView(this.store.me, this.view.id, blockId, actionId, value, valuesOf(this.fields));
      } catch (error) {
        this.alert(error.message);
      }
    };
    return { names: this.store.names, act, fields: this.fields, kept: this.kept };
  }

  typed() {
    return new Map([...this.fields].map(([key, field]) => [key, field.read()]));
  }

  async submit() {
    await whileBusy(this.submitButton, async () => {
      try {
        const answer = await api.submit(this.store.me, this.view.id, valuesOf(this.fields));
        this.showErrors(answer.errors ?? {}, answer.notice);
      } catch (error) {
        this.alert(error.message);
      }
    });
  }

  /** Put each sentence under its field; those without a field, and a notice, go to the top. */
  showErrors(errors, notice = null) {
    const places = [...this.dialog.querySelectorAll("[data-error]")];
    for (const place of places) {
      const message = errors[place.dataset.error];
      place.hidden = !message;
      place.textContent = message ?? "";
      place.closest(".block-input").classList.toggle("has-error", Boolean(message));
      place
        .closest(".block-input")
        .querySelector("[aria-labelledby]")
        ?.setAttribute("aria-invalid", String(Boolean(message)));
    }
    const shown = new Set(places.map((place) => place.dataset.error));
    const rest = Object.entries(errors)
      .filter(([block]) => !shown.has(block))
      .map(([, message]) => message);
    this.alert([notice, ...rest].filter(Boolean).join(" "));
    this.firstField(".has-error")?.focus();
  }

  /** Where typing begins: what the app asked for, else the first field. */
  firstField(within = "") {
    const controls = (scope) => this.dialog.querySelector(`${scope} :is(input, select, textarea)`);
    return (within ? null : this.dialog.querySelector("[autofocus]")) ?? controls(`.dialog-body ${within}`);
  }

  alert(message) {
    const place = this.dialog.querySelector(".dialog-alert");
    place.hidden = !message;
    place.textContent = message;
  }

  remove() {
    this.dialog.close();
    this.dialog.remove();
  }
}

const asText = (text) => (typeof text === "string" ? { text } : text);
