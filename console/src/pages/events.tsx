import Link from "@cloudscape-design/components/link";
import { useState } from "react";
import type { FileView } from "../api/shapes";
import { formatRoute } from "../model/route";
import { LiveSign } from "../parts/live-sign";
import { Page } from "../parts/page";
import { Rows } from "../parts/rows";
import { State } from "../parts/state";
import { Time } from "../parts/time";
import { useLive } from "../parts/use-live";
import { useWords } from "../words";

interface Heard {
  number: number;
  at: Date;
  file: Partial<FileView>;
}

/** Older ones go: this is a window, the record is in the logs. */
const KEPT = 500;

/** What happens just now, to whichever file. */
export function Events() {
  const { t } = useWords();
  const [heard, setHeard] = useState<Heard[]>([]);
  const live = useLive({ Progress: false }, ({ kind, file }) => {
    if (kind === "file")
      setHeard((before) => [{ number: (before[0]?.number ?? 0) + 1, at: new Date(), file }, ...before].slice(0, KEPT));
  });
  return (
    <Page title={t("events.title")} about={<LiveSign live={live} />}>
      <Rows
        title={t("events.title")}
        rows={heard}
        loading={false}
        nameOf={(one) => String(one.number)}
        columns={[
          { header: "column.heard", text: (one) => one.at.toISOString(), cell: (one) => <Time of={one.at} /> },
          { header: "column.path", text: (one) => one.file.FilePath },
          { header: "column.state", text: (one) => one.file.StatusCode, cell: (one) => <State of={one.file.StatusCode} /> },
          {
            header: "column.transfer",
            text: (one) => one.file.TransferId,
            cell: (one) => <Link href={formatRoute(["transfers", one.file.TransferId ?? ""])}>{one.file.TransferId}</Link>,
          },
          { header: "column.why", text: (one) => one.file.FailureMessage },
        ]}
      />
    </Page>
  );
}
