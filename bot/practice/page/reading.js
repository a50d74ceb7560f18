/** How far this person has read, a mark for each channel and thread, kept by the browser. */

export class Reading {
  constructor(store) {
    this.store = store;
    this.session = new Map();
  }

  key(place) {
    return `read/${this.store.me}/${place}`;
  }

  mark(place) {
    return Number(this.session.get(place) ?? remembered(this.key(place)) ?? 0);
  }

  /** Move the mark to the newest of these messages; true when it moved. */
  read(place, messages) {
    const newest = messages.at(-1)?.ts;
    if (!newest || Number(newest) <= this.mark(place)) return false;
    this.session.set(place, newest);
    remember(this.key(place), newest);
    return true;
  }

  unread(place, messages) {
    const mark = this.mark(place);
    return messages.filter((message) => Number(message.ts) > mark && message.user !== this.store.me);
  }
}

function remembered(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

function remember(key, value) {
  try {
    localStorage.setItem(key, value);
  } catch {
    /* A browser that keeps nothing still reads; the marks then last as long as the page. */
  }
}
