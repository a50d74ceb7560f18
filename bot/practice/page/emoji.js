/** The short names a trading desk's messages use; an unknown name stays as it was written. */

const SYMBOLS = {
  alarm_clock: "⏰", arrow_down: "⬇️", arrow_right: "➡️", arrow_up: "⬆️", ballot_box_with_check: "☑️", bar_chart: "📊",
  bell: "🔔", black_circle: "⚫", bomb: "💣", books: "📚", bulb: "💡", calendar: "📆", chart_with_downwards_trend: "📉",
  chart_with_upwards_trend: "📈", clipboard: "📋", eyes: "👀", fire: "🔥", gear: "⚙️", green_circle: "🟢",
  hammer_and_wrench: "🛠️", heavy_check_mark: "✔️", heavy_minus_sign: "➖", heavy_plus_sign: "➕", hourglass: "⌛",
  hourglass_flowing_sand: "⏳", house: "🏠", information_source: "ℹ️", key: "🔑", large_blue_circle: "🔵",
  large_green_circle: "🟢", large_orange_circle: "🟠", large_red_square: "🟥", large_yellow_circle: "🟡", link: "🔗",
  lock: "🔒", mag: "🔍", memo: "📝", moneybag: "💰", mountain: "⛰️", mute: "🔇", no_entry: "⛔", no_entry_sign: "🚫",
  octagonal_sign: "🛑", pager: "📟", pause_button: "⏸️", arrow_forward: "▶️", raised_hand: "✋", red_circle: "🔴",
  repeat: "🔁", rocket: "🚀", rotating_light: "🚨", shield: "🛡️", skull: "💀", sos: "🆘", stop_sign: "🛑",
  stopwatch: "⏱️", tada: "🎉", thumbsup: "👍", "+1": "👍", thumbsdown: "👎", "-1": "👎", unlock: "🔓", warning: "⚠️",
  wave: "👋", white_check_mark: "✅", white_circle: "⚪", wrench: "🔧", x: "❌", zap: "⚡",
};

export const emoji = (name) => (Object.hasOwn(SYMBOLS, name) ? SYMBOLS[name] : null);

export const withEmoji = (text) => text.replace(/:([a-z0-9_+-]+):/g, (whole, name) => emoji(name) ?? whole);
