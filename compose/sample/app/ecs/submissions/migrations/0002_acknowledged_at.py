from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("submissions", "0001_initial")]
    operations = [migrations.AddField("submission", "acknowledged_at", models.DateTimeField(null=True))]
