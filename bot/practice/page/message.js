/** One message, as this reader sees it. */

import { renderBlocks } from "./blocks.js";
import { clock, fromTs, tooltip } from "./dates.js";
import { h, safeUrl } from "./dom.js";
import { emoji } from "./emoji.js";
import { mrkdwn } from "./mrkdwn.js";
import { avatar } from "./people.js";

/**
 * `options` is {act(message, block, action, value), shortcut(id, ts)|null, joined,
 * thread: {count, unread, open()}|null}.
 */
export function renderMessage(message, store, options) {
  const sent = fromTs(message.ts);
  const marks = ["message", message.ephemeral && "is-ephemeral", options.joined && "is-joined"];
  const byline = h(
    "div",
    { class: "byline" },
    h("span", { class: "author" }, message.username),
    message.bot ? h("span", { class: "tag" }, "App") : null,
    h("time", { datetime: sent.toISOString(), title: tooltip(sent) }, clock(sent)),
    message.blocks?.length ? edited(message) : null,
  );
  return h(
    "article",
    {
      class: marks.filter(Boolean).join(" "),
      "data-ts": message.ts,
      "data-scope": message.ts,
      "aria-label": `${message.username} at ${clock(sent)}`,
    },
    h(
      "div",
      { class: "gutter" },
      options.joined
        ? h("time", { datetime: sent.toISOString(), title: tooltip(sent) }, clock(sent))
        : avatar({ id: message.user, name: message.username, bot: message.bot }),
    ),
    h(
      "div",
      { class: "message-body" },
      message.ephemeral ? h("p", { class: "only-you" }, "Only visible to you") : null,
      options.joined ? null : byline,
      content(message, store, options),
      options.thread ? threadLink(options.thread) : null,
    ),
    options.thread
      ? h(
          "div",
          { class: "message-tools" },
          store.app.shortcuts
            .filter((each) => each.on_message && options.shortcut)
            .map(({ name, callback_id: id }) =>
              h(
                "button",
                {
                  type: "button",
                  class: "tool tool-words",
                  onclick: () => options.shortcut(id, message.ts),
                },
                name,
              ),
            ),
          h(
            "button",
            {
              type: "button",
              class: "tool",
              onclick: options.thread.open,
              "aria-label": "Reply in thread",
              title: "Reply in thread",
            },
            replyMark(),
          ),
        )
      : null,
  );
}

function content(message, store, options) {
  const ctx = {
    names: store.names,
    act: (...what) => options.act(message, ...what),
    fields: null,
    kept: null,
  };
  const words = message.blocks?.length
    ? renderBlocks(message.blocks, ctx)
    : h("div", { class: "text" }, mrkdwn(message.text, store.names), edited(message));
  return h(
    "div",
    { class: "content" },
    words,
    (message.files ?? []).map(file),
    reactions(message.reactions ?? {}, store.names),
  );
}

/** The mark of a message that was rewritten: behind its words, or, where they are blocks, behind its time. */
function edited(message) {
  return message.edited ? h("span", { class: "edited" }, " (edited)") : null;
}

/** A file is shown as a picture when the browser can show it as one, else as a link. */
function file({ url, title, alt }) {
  const href = safeUrl(url);
  const label = title || "File";
  const follow = { href, target: "_blank", rel: "noopener noreferrer" };
  if (!href) return h("p", { class: "missing" }, label);
  const image = h("img", { class: "block-picture", src: href, alt: alt || label });
  const figure = h(
    "figure",
    { class: "block block-image" },
    h("figcaption", {}, label),
    h("a", follow, image),
  );
  image.addEventListener("error", () =>
    figure.replaceWith(
      h("a", { class: "file", ...follow }, h("span", { "aria-hidden": "true" }, "⤓ "), label),
    ),
  );
  return figure;
}

function reactions(given, names) {
  const chips = Object.entries(given).map(([name, persons]) =>
    h(
      "li",
      { class: "reaction", title: persons.map(names.person).join(", ") },
      emoji(name) ?? `:${name}:`,
      ` ${persons.length}`,
    ),
  );
  return chips.length ? h("ul", { class: "reactions", "aria-label": "Reactions" }, chips) : null;
}

function threadLink({ count, unread, open }) {
  if (!count) return null;
  return h(
    "button",
    {
      type: "button",
      class: unread ? "replies is-unread" : "replies",
      onclick: open,
      "data-field": "replies",
    },
    `${count} ${count === 1 ? "reply" : "replies"}`,
    unread ? h("span", { class: "tag tag-new" }, "new") : null,
  );
}

function replyMark() {
  const space = "http://www.w3.org/2000/svg";
  const drawing = document.createElementNS(space, "svg");
  drawing.setAttribute("viewBox", "0 0 20 20");
  drawing.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(space, "path");
  path.setAttribute("d", "M3 4.5h14v8.5H9.2L5.5 16v-3H3z");
  drawing.append(path);
  return drawing;
}
