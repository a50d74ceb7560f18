/** rich_text blocks to DOM nodes. */

import { formatDate, tooltip } from "./dates.js";
import { h } from "./dom.js";
import { emoji } from "./emoji.js";
import { channelLink, link, mention } from "./mrkdwn.js";

const MARKS = [
  ["bold", "strong"],
  ["italic", "em"],
  ["strike", "s"],
  ["code", "code"],
];

export function richText(block, names) {
  return h(
    "div",
    { class: "rich-text" },
    (block.elements ?? []).map((part) => section(part, names)),
  );
}

function section(part, names) {
  const inside = () => (part.elements ?? []).map((element) => inline(element, names));
  switch (part.type) {
    case "rich_text_section":
      return h("p", {}, inside());
    case "rich_text_preformatted":
      return h("pre", { class: "code-block" }, inside());
    case "rich_text_quote":
      return h("blockquote", {}, inside());
    case "rich_text_list": {
      const items = (part.elements ?? []).map((item) =>
        h(
          "li",
          {},
          (item.elements ?? []).map((element) => inline(element, names)),
        ),
      );
      const start = part.offset ? part.offset + 1 : null;
      return h(
        part.style === "ordered" ? "ol" : "ul",
        { class: `indent-${Math.min(part.indent ?? 0, 4)}`, start },
        items,
      );
    }
    default:
      return null;
  }
}

function inline(element, names) {
  return MARKS.reduce(
    (node, [style, tag]) => (element.style?.[style] ? h(tag, {}, node) : node),
    bare(element, names),
  );
}

function bare(element, names) {
  switch (element.type) {
    case "text":
      return document.createTextNode(element.text);
    case "link":
      return link(element.url, element.text ?? null);
    case "emoji":
      return document.createTextNode(emoji(element.name) ?? `:${element.name}:`);
    case "user":
      return mention(`@${names.person(element.user_id) ?? element.user_id}`, element.user_id === names.me);
    case "channel":
      return channelLink(element.channel_id, names);
    case "broadcast":
      return mention(`@${element.range}`, true);
    case "date": {
      const shown = formatDate(element.timestamp, element.format);
      return shown
        ? h("time", { datetime: shown.date.toISOString(), title: tooltip(shown.date) }, shown.text)
        : document.createTextNode(element.fallback ?? "");
    }
    default:
      return document.createTextNode("");
  }
}
