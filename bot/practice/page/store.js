/** What this person sees, and how each event changes it. Nothing here touches the page. */

const byTs = (one, other) => {
  const [seconds, fraction = ""] = one.ts.split(".");
  const [otherSeconds, otherFraction = ""] = other.ts.split(".");
  return Number(seconds) - Number(otherSeconds) || fraction.localeCompare(otherFraction);
};

const isReply = (message) => Boolean(message.thread_ts) && message.thread_ts !== message.ts;

export class Store {
  constructor(me, people, app) {
    this.me = me;
    this.people = new Map(people.map((person) => [person.id, person]));
    this.app = app;
    this.channels = new Map();
    this.home = null;
    this.modals = [];
    this.names = {
      me,
      person: (id) => this.people.get(id)?.name ?? (id === app.bot_user ? app.name : null),
      channel: (id) => this.channels.get(id)?.name ?? null,
    };
  }

  load(state) {
    this.channels = new Map(state.channels.map((channel) => [channel.id, withMessages(channel)]));
    this.home = state.home;
    this.modals = state.modals;
  }

  apply(event) {
    const messages = this.channels.get(event.channel)?.messages;
    switch (event.type) {
      case "message":
      case "message_changed":
        messages?.set(event.message.ts, event.message);
        break;
      case "message_deleted":
        messages?.delete(event.ts);
        break;
      case "view_opened":
      case "view_updated":
        this.showView(event.view);
        break;
      case "view_closed":
        this.modals = this.modals.filter((view) => view.id !== event.view.id);
        break;
      case "home":
        this.home = event.view;
        break;
      case "channel":
        this.addChannel(event.is);
        break;
      case "channel_left":
        this.channels.delete(event.channel);
        break;
    }
  }

  showView(view) {
    const place = this.modals.findIndex((known) => known.id === view.id);
    this.modals = place < 0 ? [...this.modals, view] : this.modals.with(place, view);
  }

  /** Show a channel anew; what only this person was told there stays. */
  addChannel(channel) {
    const known = this.channels.get(channel.id)?.messages ?? [];
    const now = withMessages(channel);
    this.channels.set(channel.id, { ...now, messages: new Map([...known, ...now.messages]) });
  }

  closeView(id) {
    this.modals = this.modals.filter((view) => view.id !== id);
  }

  /** The direct message with the app, once there is one. */
  get directMessage() {
    return [...this.channels.values()].find((channel) => channel.kind === "dm") ?? null;
  }

  get rooms() {
    return [...this.channels.values()].filter((channel) => channel.kind !== "dm");
  }

  timeline(channelId) {
    return this.sorted(channelId, (message) => !isReply(message));
  }

  /** The replies of every thread of a channel, oldest first, by the ts of the message they answer. */
  threads(channelId) {
    return Map.groupBy(this.sorted(channelId, isReply), (message) => message.thread_ts);
  }

  sorted(channelId, wanted) {
    return [...(this.channels.get(channelId)?.messages.values() ?? [])].filter(wanted).sort(byTs);
  }
}

function withMessages(channel) {
  return { ...channel, messages: new Map(channel.messages.map((message) => [message.ts, message])) };
}
