/** Numbers as people read them, in their language. */

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

export function bytes(count: number | undefined, language = "en"): string {
  if (count === undefined) return "–";
  const power = count < 1 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log2(count) / 10));
  const digits = power === 0 ? 0 : 1;
  const value = count / 2 ** (10 * power);
  return `${value.toLocaleString(language, { maximumFractionDigits: digits })} ${UNITS[power]}`;
}

/** "1:05:09", "0:07" */
export function duration(seconds: number | undefined): string {
  if (seconds === undefined) return "–";
  const whole = Math.max(0, Math.round(seconds));
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (part: number) => String(part).padStart(2, "0");
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

export function time(text: string | Date | undefined, language = "en"): string {
  if (!text) return "–";
  return new Date(text).toLocaleString(language, { dateStyle: "medium", timeStyle: "medium" });
}

export function percent(done: number, size: number | undefined): number {
  if (size === undefined) return 0;
  return size === 0 ? 100 : Math.min(100, Math.floor((100 * done) / size));
}

/** Hosts, ports and names out of a URL like "sftp://host:22"; as it is when it is none. */
export function endpointOf(url: string): string {
  return url.replace(/^sftp:\/\//, "");
}
