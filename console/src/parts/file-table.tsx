import ProgressBar from "@cloudscape-design/components/progress-bar";
import type { TransferFile } from "../api/shapes";
import { bytes, duration, percent } from "../model/format";
import { useWords } from "../words";
import { Rows } from "./rows";
import { State } from "./state";

interface FileTableProps {
  files: TransferFile[];
  selected: TransferFile | undefined;
  onSelect(file: TransferFile | undefined): void;
}

function FileProgress({ file }: { file: TransferFile }) {
  const { t, language } = useWords();
  const progress = file.Progress;
  if (file.StatusCode === "COMPLETED") return <>{bytes(file.Size, language)}</>;
  if (!progress) return <>–</>;
  return (
    <ProgressBar
      ariaLabel={file.FilePath}
      value={percent(progress.BytesDone, progress.Size)}
      additionalInfo={t("transfer.rate", { rate: bytes(progress.BytesPerSecond, language), left: duration(progress.SecondsLeft) })}
    />
  );
}

/** The files of a transfer, and how far each is. */
export function FileTable({ files, selected, onSelect }: FileTableProps) {
  const { t } = useWords();
  return (
    <Rows
      title={t("column.files")}
      rows={files}
      loading={false}
      nameOf={(file) => file.FileId}
      selected={selected}
      onSelect={onSelect}
      columns={[
        { header: "column.path", text: (file) => file.FilePath },
        { header: "column.state", text: (file) => file.StatusCode, cell: (file) => <State of={file.StatusCode} /> },
        { header: "column.progress", text: (file) => String(file.Progress?.BytesDone ?? 0), cell: (file) => <FileProgress file={file} /> },
        { header: "column.code", text: (file) => file.FailureCode },
        { header: "column.why", text: (file) => file.FailureMessage },
      ]}
    />
  );
}
