"""The client's types are those of the API."""

import pytest
from pydantic import BaseModel

from lmsvc.client import models, people_models
from lmsvc.web import accounts_bodies, bodies, catalogue, plans, pools, shares


@pytest.mark.parametrize(
    ("model", "body"),
    [
        (models.Upload, bodies.UploadBody),
        (models.Transfer, bodies.TransferBody),
        (models.Submitted, bodies.Accepted),
        (models.Progress, bodies.Progress),
        (models.Step, bodies.StepBody),
        (models.JobHead, bodies.JobHeadBody),
        (models.Job, bodies.JobStatus),
        (models.JobPage, bodies.JobsPage),
        (models.Task, bodies.TaskBody),
        (models.Item, bodies.ItemBody),
        (models.Output, bodies.OutputBody),
        (models.Stage, plans.StageBody),
        (models.PlannedStep, plans.PlannedStep),
        (models.Plan, plans.PlanBody),
        (models.Tool, catalogue.ToolBody),
        (models.Dataset, catalogue.DatasetBody),
        (models.Pool, pools.PoolBody),
        (people_models.Quota, accounts_bodies.QuotaBody),
        (people_models.Me, accounts_bodies.MeBody),
        (people_models.User, accounts_bodies.UserBody),
        (people_models.Token, accounts_bodies.TokenBody),
        (people_models.Share, shares.ShareBody),
    ],
)
def test_objects_have_the_members_the_service_sends(model: type, body: type[BaseModel]) -> None:
    """Each object of the client has exactly the members of the body it reads."""
    assert set(model.__annotations__) == set(body.model_fields)
