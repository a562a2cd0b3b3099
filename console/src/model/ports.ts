/** "22" or "22-2222" → where it begins and ends; all ports where nothing is said. */
export function portRange(text: string | undefined): { from: number; to: number } | undefined {
  const [, from, to] = /^\s*(\d{1,5})\s*(?:-\s*(\d{1,5}))?\s*$/.exec(text ?? "") ?? [];
  return from === undefined ? undefined : { from: Number(from), to: Number(to ?? from) };
}

export function portsText(from: number | undefined, to: number | undefined): string {
  if (from === undefined || from === -1) return "*";
  return from === to || to === undefined ? String(from) : `${from}-${to}`;
}
