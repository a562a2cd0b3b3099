import Button from "@cloudscape-design/components/button";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Spinner from "@cloudscape-design/components/spinner";
import { useState } from "react";
import { aws } from "../api/aws";
import { type Connector as Shape, connector, nameOf } from "../api/connectors";
import { native } from "../api/native";
import { ConfirmModal } from "../parts/confirm-modal";
import { ConnectorFacts } from "../parts/connector-facts";
import { ConnectorTest } from "../parts/connector-test";
import { EditConnector } from "../parts/edit-connector";
import { useNotices } from "../parts/notices";
import { Page } from "../parts/page";
import { useLoad } from "../parts/use-load";
import { go, useRoute } from "../parts/use-route";
import { useWords } from "../words";

interface ActionsProps {
  one: Shape;
  onChanged(): void;
}

function Actions({ one, onChanged }: ActionsProps) {
  const { t } = useWords();
  const notices = useNotices();
  const [open, setOpen] = useState<"edit" | "delete">();
  const paused = one.live?.Paused ?? false;
  const close = () => setOpen(undefined);

  const pauseOrResume = async () => {
    try {
      await native("POST", `/v1/connectors/${one.ConnectorId}/${paused ? "resume" : "pause"}`);
      onChanged();
    } catch (error) {
      notices.tellFailure(error);
    }
  };
  const remove = async () => {
    await aws("transfer", "DeleteConnector", { ConnectorId: one.ConnectorId });
    notices.tell(t("notice.deleted", { name: nameOf(one) }));
    go(["connectors"]);
  };
  return (
    <>
      <SpaceBetween direction="horizontal" size="xs">
        <Button onClick={() => setOpen("edit")} data-test="edit">
          {t("action.edit")}
        </Button>
        <Button onClick={() => void pauseOrResume()} data-test="pause">
          {t(paused ? "connector.resume" : "connector.pause")}
        </Button>
        <Button onClick={() => setOpen("delete")} data-test="remove">
          {t("action.delete")}
        </Button>
        <Button variant="primary" onClick={() => go(["transfers", "new"], { ConnectorId: one.ConnectorId })}>
          {t("start.title")}
        </Button>
      </SpaceBetween>
      {open === "edit" ? <EditConnector one={one} onChanged={onChanged} onClose={close} /> : null}
      {open === "delete" ? (
        <ConfirmModal title={t("action.delete")} label={t("action.delete")} onConfirm={remove} onClose={close}>
          {t("confirm.delete", { name: nameOf(one) })}
        </ConfirmModal>
      ) : null}
    </>
  );
}

/** One connector: what it is, whether it works, and what can be done with it. */
export function Connector({ id }: { id: string }) {
  const { query } = useRoute();
  const { value: one, error, reload } = useLoad(() => connector(id), [id]);
  if (!one) return <Page title={id} error={error}>{error ? null : <Spinner />}</Page>;
  return (
    <Page title={nameOf(one)} about={one.Arn} actions={<Actions one={one} onChanged={reload} />} error={error}>
      <ConnectorTest one={one} atOnce={query.test === "now"} onChanged={reload} />
      <ConnectorFacts one={one} />
    </Page>
  );
}
