/** Bytes by the hour as bars, those that were fetched upon those that were sent; and as a sentence for whoever sees no bars. */

import { bytes } from "../model/format";
import { type HourPoint, niceCeiling } from "../model/usage";
import { useWords } from "../words";
import { useWidth } from "./use-width";

const HEIGHT = 220;
const LEFT = 76;
const BOTTOM = 26;
const TOP = 12;
const GRID_LINES = 4;
const LABEL_EVERY = 4;

function Grid({ most, width }: { most: number; width: number }) {
  const { language } = useWords();
  const lines = Array.from({ length: GRID_LINES + 1 }, (_, at) => at / GRID_LINES);
  return lines.map((part) => {
    const y = TOP + (1 - part) * (HEIGHT - TOP - BOTTOM);
    return (
      <g key={part}>
        <path d={`M${LEFT} ${y}H${width}`} className="grid" />
        <text x={LEFT - 8} y={y + 4} className="grid-label">
          {bytes(most * part, language)}
        </text>
      </g>
    );
  });
}

function Bars({ points, most, width }: { points: HourPoint[]; most: number; width: number }) {
  const { language } = useWords();
  const step = (width - LEFT) / points.length;
  const scale = (HEIGHT - TOP - BOTTOM) / most;
  return points.map(({ hour, sent, fetched }, at) => {
    const x = LEFT + step * at + step * 0.15;
    const floor = HEIGHT - BOTTOM;
    const bar = (height: number, from: number, of: string) => <rect x={x} y={from - height} width={step * 0.7} height={height} className={of} />;
    return (
      <g key={hour.getTime()}>
        {bar(sent * scale, floor, "sent")}
        {bar(fetched * scale, floor - sent * scale, "fetched")}
        {at % LABEL_EVERY === LABEL_EVERY - 2 ? (
          <text x={x + step * 0.35} y={HEIGHT - 8}>
            {hour.toLocaleTimeString(language, { hour: "2-digit", minute: "2-digit" })}
          </text>
        ) : null}
      </g>
    );
  });
}

export function HourPlot({ points }: { points: HourPoint[] }) {
  const { t, language } = useWords();
  const [frame, width] = useWidth();
  const sum = (of: "sent" | "fetched") => bytes(points.reduce((total, point) => total + point[of], 0), language);
  const most = niceCeiling(Math.max(...points.map(({ sent, fetched }) => sent + fetched)));
  const legend = [
    { name: "sent", text: `${t("direction.SEND")}: ${sum("sent")}` },
    { name: "fetched", text: `${t("direction.RETRIEVE")}: ${sum("fetched")}` },
  ];
  return (
    <div ref={frame}>
      {width > 0 ? (
        <svg className="picture" viewBox={`0 0 ${width} ${HEIGHT}`} height={HEIGHT} role="img" aria-label={legend.map((one) => one.text).join(", ")}>
          <Grid most={most} width={width} />
          <Bars points={points} most={most} width={width} />
        </svg>
      ) : null}
      <div className="legend">
        {legend.map(({ name, text }) => (
          <span key={name}>
            <span className={`legend-colour ${name}`} /> {text}
          </span>
        ))}
      </div>
    </div>
  );
}
