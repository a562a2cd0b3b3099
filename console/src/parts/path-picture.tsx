/** The way from the bucket to the partner as a picture, and as a list for whoever does not see it. */

import { type Hop, type Verdict } from "../model/path-picture";
import { placeHops, type Place } from "../model/place-hops";
import { useWords } from "../words";
import { useHopText } from "./use-hop-text";
import { useWidth } from "./use-width";

const RADIUS = 15;

/** The sign in a hop's circle: colour alone says nothing to many. */
const SIGNS: Record<Verdict, string> = { ok: "M-6 0l4 5 8-9", failed: "M-5-5l10 10M5-5l-10 10", unreached: "M-4 0h8" };

function shortened(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}

function HopSign({ hop, at, title }: { hop: Hop; at: Place; title: string }) {
  const { t } = useWords();
  return (
    <g transform={`translate(${at.x} ${at.y})`} data-hop={hop.name} data-verdict={hop.verdict}>
      <circle r={RADIUS} className={`drawn ${hop.verdict}`} />
      <path d={SIGNS[hop.verdict]} className={`drawn ${hop.verdict}`} />
      <text y={36} className="hop-name">
        {title}
      </text>
      <text y={53} className="hop-address">
        {shortened(hop.address ?? "", 21)}
      </text>
      <text y={-24}>{hop.milliseconds === undefined ? "" : t("path.ms", { ms: hop.milliseconds })}</text>
    </g>
  );
}

function Picture({ hops, width }: { hops: Hop[]; width: number }) {
  const { t } = useWords();
  const text = useHopText();
  const { places, height, lines } = placeHops(hops.length, width, RADIUS);
  const failed = hops.find((hop) => hop.verdict === "failed");
  const label = failed ? t("path.failedAt", { hop: text(failed.name) }) : t("path.good");
  return (
    <svg className="picture path-picture" viewBox={`0 0 ${width} ${height}`} height={height} role="img" aria-label={label}>
      {lines.map((d, index) => {
        const verdict = hops[index + 1]?.verdict ?? "unreached";
        return <path key={d} d={d} className={`drawn ${verdict} ${verdict === "ok" ? "" : "dashed"}`} />;
      })}
      {hops.map((hop, index) => (
        <HopSign key={hop.name} hop={hop} at={places[index]!} title={text(hop.name)} />
      ))}
    </svg>
  );
}

function HopList({ hops }: { hops: Hop[] }) {
  const { t } = useWords();
  const text = useHopText();
  const words = { ok: t("path.ok"), failed: t("path.failed"), unreached: t("path.unreached") };
  return (
    <ol className="steps" data-test="path-list">
      {hops.map((hop) => (
        <li key={hop.name} data-verdict={hop.verdict}>
          <strong>{text(hop.name)}</strong>
          {hop.name === "bucket" ? null : ` – ${words[hop.verdict]}`}
          {hop.milliseconds === undefined ? null : `, ${t("path.ms", { ms: hop.milliseconds })}`}
          {hop.sentences.map((sentence, index) => (
            <div key={sentence} className={isWhy(hop, index) ? "why" : "said"}>
              {sentence}
            </div>
          ))}
        </li>
      ))}
    </ol>
  );
}

/** The sentence that ended the way: the last one of the hop that failed. */
function isWhy(hop: Hop, index: number): boolean {
  return hop.verdict === "failed" && index === hop.sentences.length - 1;
}

export function PathPicture({ hops }: { hops: Hop[] }) {
  const [frame, width] = useWidth();
  return (
    <div ref={frame}>
      {width > 0 ? <Picture hops={hops} width={width} /> : null}
      <HopList hops={hops} />
    </div>
  );
}
