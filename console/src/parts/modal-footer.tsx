import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useWords } from "../words";

/** What a dialogue ends with: nothing is done, or it is. */
export function ModalFooter({ label, busy, test, onClose, onGo }: {
  label: string;
  busy: boolean;
  /** What a test finds the button by. */
  test: string;
  onClose(): void;
  onGo(): void;
}) {
  const { t } = useWords();
  return (
    <Box float="right">
      <SpaceBetween direction="horizontal" size="xs">
        <Button variant="link" onClick={onClose}>
          {t("action.cancel")}
        </Button>
        <Button variant="primary" loading={busy} onClick={onGo} data-test={test}>
          {label}
        </Button>
      </SpaceBetween>
    </Box>
  );
}
