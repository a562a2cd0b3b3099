/** Lines of paths, as somebody types or chooses them. */

/** StartFileTransfer takes so many at once. */
export const PATHS_MAX = 10;

export function linesOf(text: string): string[] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean);
}

export function withLine(text: string, line: string): string {
  const lines = linesOf(text);
  return (lines.includes(line) ? lines : [...lines, line]).join("\n");
}

/** Those that belong into one request each. */
export function inRequests(paths: string[]): string[][] {
  return Array.from({ length: Math.ceil(paths.length / PATHS_MAX) }, (_, at) => paths.slice(at * PATHS_MAX, (at + 1) * PATHS_MAX));
}

/** "/a/b/" → "/a/"; of a relative path without a folder in it: the home directory. */
export function parentOf(path: string): string {
  const cut = path.replace(/\/+$/, "").lastIndexOf("/");
  if (cut < 0) return path.startsWith("/") ? "/" : ".";
  return path.slice(0, cut + 1);
}
