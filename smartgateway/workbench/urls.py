from django.urls import path

from smartgateway.workbench.backtest.views import Backtests, Begin, BeginRouting, Preview, Result, Stop
from smartgateway.workbench.calibration.pages import CalibrationResult, Calibrations, StartAgain, StopCalibration
from smartgateway.workbench.drafts import DraftFile, Import, LoadPreset, Presets, Reset
from smartgateway.workbench.evaluating import Evaluate
from smartgateway.workbench.evidence.pages import Doubt, Evidence, Rule, Summarise
from smartgateway.workbench.observing import Observed
from smartgateway.workbench.playground.pages import Playground
from smartgateway.workbench.publishing import Publish, RollBack
from smartgateway.workbench.versions import Compare, Version, VersionFile, Versions

app_name = "workbench"
urlpatterns = [
    path("", Versions.as_view(), name="versions"),
    path("versions/<int:number>/", Version.as_view(), name="version"),
    path("versions/<int:number>/policy.yaml", VersionFile.as_view(), name="version_file"),
    path("versions/<int:number>/roll-back/", RollBack.as_view(), name="roll_back"),
    path("compare/", Compare.as_view(), name="compare"),
    path("publish/", Publish.as_view(), name="publish"),
    path("draft/policy.yaml", DraftFile.as_view(), name="draft_file"),
    path("draft/reset/<int:number>/", Reset.as_view(), name="reset"),
    path("draft/import/", Import.as_view(), name="import"),
    path("draft/presets/", Presets.as_view(), name="presets"),
    path("draft/presets/<slug:name>/", LoadPreset.as_view(), name="load_preset"),
    path("playground/", Playground.as_view(), name="playground"),
    path("evidence/", Evidence.as_view(), name="evidence"),
    path("evidence/doubt/", Doubt.as_view(), name="doubt"),
    path("evidence/rules/<slug:name>/", Rule.as_view(), name="rule"),
    path("evidence/sum-up/", Summarise.as_view(), name="summarise"),
    path("evaluate/", Evaluate.as_view(), name="evaluate"),
    path("observed/", Observed.as_view(), name="observed"),
    path("classifier/", Calibrations.as_view(), name="calibrations"),
    path("classifier/<int:pk>/", CalibrationResult.as_view(), name="calibration"),
    path("classifier/<int:pk>/again/", StartAgain.as_view(), name="calibration_again"),
    path("classifier/<int:pk>/stop/", StopCalibration.as_view(), name="calibration_stop"),
    path("backtest/", Backtests.as_view(), name="backtest"),
    path("backtest/begin/", Begin.as_view(), name="backtest_begin"),
    path("backtest/begin-routing/", BeginRouting.as_view(), name="backtest_begin_routing"),
    path("backtest/preview/", Preview.as_view(), name="backtest_preview"),
    path("backtest/<int:pk>/", Result.as_view(), name="backtest_result"),
    path("backtest/<int:pk>/stop/", Stop.as_view(), name="backtest_stop"),
]
