/** Trusting a partner's key: its fingerprint is compared with what the partner said on another way. */

import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Checkbox from "@cloudscape-design/components/checkbox";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState } from "react";
import { aws } from "../api/aws";
import { untilReady } from "../api/until-ready";
import type { ShownKey } from "../model/host-key";
import { useWords } from "../words";
import { useNotices } from "./notices";

interface TrustKeyProps {
  connectorId: string;
  shown: ShownKey;
  known: string[];
  onTrusted(): void;
}

export function TrustKey({ connectorId, shown, known, onTrusted }: TrustKeyProps) {
  const { t } = useWords();
  const notices = useNotices();
  const [compared, setCompared] = useState(false);
  const [busy, setBusy] = useState(false);

  const trust = async () => {
    setBusy(true);
    try {
      await aws("transfer", "UpdateConnector", { ConnectorId: connectorId, SftpConfig: { TrustedHostKeys: [...known, shown.key] } });
      await untilReady(connectorId);
      notices.tell(t("trust.done"));
      onTrusted();
    } catch (error) {
      notices.tellFailure(error);
      setBusy(false);
    }
  };
  return (
    <Alert type={shown.replaces ? "error" : "warning"} header={t(shown.replaces ? "trust.changed" : "trust.title")} data-test="trust">
      <SpaceBetween size="s">
        <div>{t("trust.about")}</div>
        <Box variant="code" data-test="fingerprint">
          {shown.fingerprint}
        </Box>
        <Checkbox checked={compared} onChange={({ detail }) => setCompared(detail.checked)} data-test="compared">
          {t("trust.compared")}
        </Checkbox>
        <Button disabled={!compared} loading={busy} onClick={() => void trust()} data-test="trust-button">
          {t("trust.button")}
        </Button>
      </SpaceBetween>
    </Alert>
  );
}
