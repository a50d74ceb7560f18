/** Message lists: the channel's and a thread's. */

import * as api from "./api.js";
import { dayName, fromTs, iso, sameDay } from "./dates.js";
import { h, reconcile } from "./dom.js";
import { renderMessage } from "./message.js";

const JOIN_S = 300;
const NEAR_END_PX = 80;

export class Timeline {
  /** `on` is {notice(text), openThread(ts)|null}; without openThread the list is itself a thread. */
  constructor(node, store, reading, on) {
    this.node = node;
    this.store = store;
    this.reading = reading;
    this.on = on;
    this.pill = h(
      "button",
      { class: "to-newest", type: "button", hidden: true, onclick: () => this.toEnd() },
      "New messages ↓",
    );
    node.after(this.pill);
    node.addEventListener("scroll", () => this.atEnd() && (this.pill.hidden = true));
  }

  /** Show these messages of a channel; `since` is where “New” begins. */
  draw(channelId, messages, since) {
    const newest = messages.at(-1);
    const moved = this.channelId !== channelId || this.since !== since;
    const isNews = newest?.ts !== this.newestTs;
    const stays = !moved && !this.atEnd() && !(isNews && newest?.user === this.store.me);
    Object.assign(this, { channelId, since, newestTs: newest?.ts });
    reconcile(this.node, messages.length ? this.items(messages) : [nothingYet(channelId)]);
    if (!stays) this.toEnd();
    else if (isNews) this.pill.hidden = false;
  }

  /** Nothing of it stays while another place is shown. */
  leave() {
    this.pill.hidden = true;
  }

  atEnd() {
    return this.node.scrollHeight - this.node.scrollTop - this.node.clientHeight < NEAR_END_PX;
  }

  toEnd() {
    this.pill.hidden = true;
    this.node.scrollTop = this.node.scrollHeight;
    for (const image of this.node.querySelectorAll("img:not([data-watched])")) {
      image.dataset.watched = "";
      image.addEventListener("load", () => (this.node.scrollTop = this.node.scrollHeight), { once: true });
    }
  }

  items(messages) {
    const threads = this.on.openThread ? this.store.threads(this.channelId) : new Map();
    let marked = false;
    return messages.flatMap((message, place) => {
      const before = messages[place - 1];
      const day = fromTs(message.ts);
      const newDay = this.on.openThread && (!before || !sameDay(fromTs(before.ts), day));
      const isNew =
        !marked &&
        place > 0 &&
        this.since !== null &&
        Number(message.ts) > this.since &&
        message.user !== this.store.me;
      marked ||= isNew;
      return [
        ...(newDay ? [divider(`day-${iso(day)}`, dayName(day), "day")] : []),
        ...(isNew ? [divider("new", "New", "new")] : []),
        this.row(message, !newDay && !isNew && joins(before, message), threads.get(message.ts) ?? []),
      ];
    });
  }

  row(message, joined, replies) {
    const channelId = this.channelId;
    const unread = this.reading.unread(`${channelId}/${message.ts}`, replies).length > 0;
    const open = this.on.openThread && !message.ephemeral ? () => this.on.openThread(message.ts) : null;
    const act = (...what) => this.act(channelId, ...what);
    return {
      key: `${channelId}/${message.ts}`,
      signature: JSON.stringify([message, joined, replies.length, unread]),
      render: () =>
        renderMessage(message, this.store, {
          joined,
          act,
          shortcut: this.on.shortcut,
          thread: open && { count: replies.length, unread, open },
        }),
    };
  }

  async act(channelId, message, blockId, actionId, value) {
    try {
      const answer = await api.act(
        this.store.me,
        { channel: channelId, ts: message.ts },
        blockId,
        actionId,
        value,
      );
      if (answer.ok === false && answer.notice) this.on.notice(answer.notice);
    } catch (error) {
      this.on.notice(error.message);
    }
  }
}

/** Messages of one author within five minutes stand together under one name. */
function joins(before, message) {
  return (
    Boolean(before) &&
    before.user === message.user &&
    !before.ephemeral &&
    !message.ephemeral &&
    before.username === message.username &&
    Number(message.ts) - Number(before.ts) < JOIN_S &&
    !before.blocks?.length &&
    !message.blocks?.length
  );
}

function divider(key, words, kind) {
  return {
    key,
    signature: words,
    render: () => h("div", { class: `divider divider-${kind}`, role: "separator" }, h("span", {}, words)),
  };
}

function nothingYet(channelId) {
  return {
    key: `empty-${channelId}`,
    signature: "",
    render: () => h("p", { class: "empty" }, "Nothing has been said here yet."),
  };
}
