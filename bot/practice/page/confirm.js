/** The confirm dialog of a button or a choice. */

import { h } from "./dom.js";
import { plain, renderText } from "./mrkdwn.js";

/** True when the person agreed; without a `spec` there is nothing to ask. */
export function confirmed(spec, names) {
  if (!spec) return Promise.resolve(true);
  return new Promise((resolve) => {
    const agree = h(
      "button",
      {
        class: `button ${spec.style === "danger" ? "button-danger" : "button-primary"}`,
        type: "submit",
        value: "yes",
      },
      plain(spec.confirm) || "Yes",
    );
    const dialog = h(
      "dialog",
      { class: "dialog dialog-confirm", "aria-labelledby": "confirm-title" },
      h(
        "form",
        { method: "dialog" },
        h("h2", { id: "confirm-title", class: "dialog-title" }, plain(spec.title) || "Are you sure?"),
        h("div", { class: "dialog-body" }, renderText(spec.text, names)),
        h(
          "div",
          { class: "dialog-foot" },
          h(
            "button",
            { class: "button", type: "submit", value: "no", formnovalidate: true },
            plain(spec.deny) || "Cancel",
          ),
          agree,
        ),
      ),
    );
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
    document.body.append(dialog);
    dialog.showModal();
    agree.focus();
  });
}
